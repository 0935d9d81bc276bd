import { expect, test } from "vitest";
import type { Factors, ProgramReading } from "../../../src/experiment/define.js";
import { analyseCommands } from "../../../src/analysis/program-result.js";
import { parseResult } from "../../../src/record/schema.js";
import type { Result } from "../../../src/record/schema.js";
import { resultPage } from "../../../src/report/page.js";
import { summarise } from "../../../src/report/summary.js";
import { wholeResult } from "../report/paper/folder.js";

/** The result of a grid of one command, whose memory peaked at 1,000 bytes. */
function resultOf(
  factors: Factors,
  readings: Record<string, ProgramReading>,
  more: { unit?: string; estimateBytes?: number } = {},
): Result {
  const { unit = "run", estimateBytes } = more;
  const estimate = estimateBytes === undefined ? {} : { estimate: { bytes: estimateBytes, formula: "f" } };
  const { runId, startedAt, finishedAt, environment, settings } = wholeResult();
  return analyseCommands({
    experiment: {
      experiment: "grid",
      kind: "command",
      title: "t",
      unit,
      hasUnits: false,
      ownSlope: false,
      grid: [{ factors, instances: 1, units: 1, ...estimate }],
      parts: [],
      estimates: [],
    },
    collected: {
      rows: [],
      nulls: [],
      growths: [],
      fits: [],
      programs: [
        {
          part: undefined,
          factors,
          trial: 0,
          data: { readings, outcome: "ok", warnings: [] },
          end: {
            outcome: "ok",
            records: [],
            durationMs: 1,
            memory: {
              enforcement: "none",
              peakBytes: 1000,
              largestProcessPeakBytes: 1000,
              processes: 1,
            },
            evidence: {},
          },
          beside: false,
        },
      ],
      failed: [],
      runs: [],
      interrupted: false,
    },
    calibration: undefined,
    identity: { runId, startedAt, finishedAt, environment, settings },
  });
}

test.each([
  [500, 2],
  [0, undefined],
  [undefined, undefined],
])("what was measured is compared with an estimate of %s bytes, unless that is nothing", (bytes, ratio) => {
  const [row] = resultOf({}, {}, bytes === undefined ? {} : { estimateBytes: bytes }).rows;
  expect(row?.measuredOverEstimate).toBe(ratio);
});

test("names that every object has are units, factors, levels and readings like others", () => {
  const readings = { constructor: 1, valueOf: 2 };
  const result = resultOf({ toString: "hasOwnProperty" }, readings, { unit: "constructor" });
  const read = parseResult(JSON.stringify(result), "r");
  const page = resultPage(read);
  for (const name of ["toString", "hasOwnProperty", "constructor", "valueOf"]) expect(page).toContain(name);
  expect(page).not.toMatch(/native code|undefined|NaN/);
  expect(JSON.stringify(summarise([read]))).not.toMatch(/native code/);
});
