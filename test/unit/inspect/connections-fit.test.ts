import { expect, test } from "vitest";
import type { TrialData } from "../../../src/inspect/connections/fit.js";
import { fitOf } from "../../../src/inspect/connections/fit.js";

/** A server of so many processes that takes 10 MB and so much for each connection. */
function trialOf(perConnection: number, levels: readonly number[], processes = 1): TrialData {
  const reading = (connections: number): TrialData["idle"] => {
    const ownBytes = 10e6 + perConnection * connections;
    return {
      connections,
      memory: { processes, pssBytes: ownBytes, ownBytes, fileBytes: 0, swapBytes: 0 },
      uncollectedBytes: ownBytes,
      inside: { absent: "not Node" },
      socketBytes: 0,
      still: true,
      noiseBytes: 0,
      waiting: 0,
    };
  };
  return { idle: reading(0), first: reading(0), levels: levels.map(reading) };
}

test("two MiB of partly filled blocks in each process make the kernel's figure uncertain, however the trials agree", () => {
  const levels = [1000, 5000, 9192];
  // 2,097,152 bytes over 8,192 connections are 256 bytes.
  expect(fitOf([trialOf(4000, levels), trialOf(4100, levels)])?.totalPerUnitBytes).toMatchObject({
    value: 4050,
    low: 4000 - 256,
    high: 4100 + 256,
  });
  expect(fitOf([trialOf(4000, levels, 3)])?.totalPerUnitBytes).toMatchObject({
    low: 4000 - 3 * 256,
    high: 4000 + 3 * 256,
  });
});
