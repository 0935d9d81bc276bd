import { expect, test } from "vitest";
import { keptOptions } from "../../../src/vitest/runner-command.js";

test("options that choose the configuration are passed on, a root as a whole path", () => {
  const given = [
    "node",
    "vitest.mjs",
    "run",
    "--root",
    "examples",
    "-c",
    "own.config.ts",
    "session",
    "--mode=ci",
  ];
  expect(keptOptions(given, "/project")).toEqual([
    "--root=/project/examples",
    "-c=own.config.ts",
    "--mode=ci",
  ]);
  expect(keptOptions(["-r=/elsewhere"], "/project")).toEqual(["-r=/elsewhere"]);
});
