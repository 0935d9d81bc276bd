import { expect, test } from "vitest";
import { trialCount, wholeSeconds } from "../../../src/cli/options.js";
import { measureConnections } from "../../../src/inspect/connections/run.js";
import { measureImport } from "../../../src/inspect/import/run.js";

test("more trials than can be planned are refused", () => {
  expect(trialCount("1000000")).toBe(1_000_000);
  expect(() => trialCount("1000001")).toThrow("Expected at most 1,000,000 trials.");
});

test("a time that a timer cannot take is refused, because it would fire at once", () => {
  // 2^31 - 1 ms
  expect(wholeSeconds("2147483")).toBe(2_147_483);
  expect(() => wholeSeconds("2147484")).toThrow("Expected at most 2,147,483 seconds.");
});

const common = { signal: new AbortController().signal, progress: () => undefined };

test.each([
  ["/", "/ is not a file; give the path of a module."],
  ["/dev/null", "/dev/null is not a file; give the path of a module."],
])("what is imported is a module and not %s", async (path, message) => {
  await expect(measureImport(path, { ...common, trials: 1, timeoutMs: 1 })).rejects.toThrow(message);
});

test.each([
  ["none.mjs", "none.mjs does not exist; give the path of a module."],
  ["/", "/ is not a file; give the path of a module."],
])("a client of the user's is a module and not %s", async (client, message) => {
  const options = { ...common, command: ["true"] as const, levels: [2, 4], trials: 1, messages: 0 };
  await expect(measureConnections({ ...options, client, snapshot: false, listenMs: 1 })).rejects.toThrow(
    message,
  );
});
