import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BytesperError } from "../../../src/base/errors.js";
import { FeatureFlags } from "../../../src/guard/index.js";
import { inFolder } from "../../system/cli.js";

const INITIAL = { spawn: 2, wide: true, mode: "fast" };

async function withFile(text: string, use: (file: string) => void): Promise<void> {
  await inFolder((folder) => {
    const file = join(folder, "rollback.json");
    writeFileSync(file, text);
    use(file);
    return Promise.resolve();
  });
}

const rollback = (flags: unknown): string => JSON.stringify({ schema: "bytesper/rollback@1", flags });

test("all flags roll back at once, and those that the file lacks go back to where they began", async () => {
  const flags = new FeatureFlags(INITIAL);
  flags.set({ mode: "slow" });
  await withFile(rollback({ spawn: 0, wide: false }), (file) => {
    flags.rollBack(file);
  });
  expect([flags.get("spawn"), flags.get("wide"), flags.get("mode")]).toEqual([0, false, "fast"]);
});

test("a file with one wrong flag changes none", async () => {
  const flags = new FeatureFlags(INITIAL);
  await withFile(rollback({ spawn: 0, wyde: false }), (file) => {
    expect(() => {
      flags.rollBack(file);
    }).toThrow(/set the flag "wyde", which the program lacks: did you mean "wide"\?/);
  });
  await withFile(rollback({ spawn: 0, wide: "no" }), (file) => {
    expect(() => {
      flags.rollBack(file);
    }).toThrow(/set the flag "wide" to the string "no"; give a boolean\./);
  });
  expect(flags.get("spawn")).toBe(2);
});

test.each<[string, string, RegExp]>([
  ["no JSON", "{", /rollback\.json is not JSON; give the rollback\.json of a staged rollout\.$/],
  ["another document", '{"flags": {}}', /is not of the schema bytesper\/rollback@1/],
  ["null", "null", /is not of the schema/],
  [
    "no flags",
    rollback({ absent: "no stage has passed" }),
    /has no flags to roll back to: no stage has passed\.$/,
  ],
])("a file that is %s is one sentence", async (_, text, message) => {
  await withFile(text, (file) => {
    expect(() => {
      new FeatureFlags(INITIAL).rollBack(file);
    }).toThrow(message);
  });
});

test("a file that is not there, and a flag that is none, are told", () => {
  const flags = new FeatureFlags(INITIAL);
  expect(() => {
    flags.rollBack("/nowhere/rollback.json");
  }).toThrow(BytesperError);
  expect(() => flags.get("wid" as "wide")).toThrow(/There is no flag "wid": did you mean "wide"\?/);
  // A name that every object has is no flag.
  expect(() => flags.get("constructor" as "wide")).toThrow(/There is no flag "constructor"/);
});
