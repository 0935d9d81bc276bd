import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ReportFile } from "../../../src/guard/watch/report-file.js";
import { readRulesFile } from "../../../src/guard/watch/rules-file.js";
import { StateFile } from "../../../src/guard/watch/state-file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("what a program reports", () => {
  const written = (...texts: string[]): Record<string, number> => {
    const path = join(folder, "report.json");
    const report = new ReportFile(path);
    for (const text of texts) {
      appendFileSync(path, text);
      report.read();
    }
    return Object.fromEntries(report.last.numbers);
  };

  test("the last of each name counts", () => {
    expect(written('{"a":1,"b":2}\n{"a":3}\n')).toEqual({ a: 3, b: 2 });
  });

  test("an object without a line's end is whole", () => {
    expect(written('{"a":1}')).toEqual({ a: 1 });
  });

  test("half a line waits for its end", () => {
    expect(written('{"a":1}\n{"a":', "5}\n")).toEqual({ a: 5 });
    expect(written('{"b":1}\n{"b":')).toMatchObject({ b: 1 });
  });

  test("what is no number takes the earlier one away", () => {
    expect(written('{"a":1,"b":2}\n{"a":"many","b":null}\nnonsense\n[7]\n3\n')).toEqual({});
  });

  test("of a long file the end is read", () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"a":${index}}`).join("\n");
    expect(written(`{"first":1}\n${lines}\n`)).toEqual({ a: 19_999 });
  });

  test("names are limited", () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `{"n${index}":1}`).join("\n");
    expect(Object.keys(written(lines))).toHaveLength(256);
  });

  test("no file, and a folder in its place, say nothing", () => {
    expect(new ReportFile(join(folder, "none")).read().numbers.size).toBe(0);
    expect(new ReportFile(folder).read().numbers.size).toBe(0);
  });
});

test("a state is replaced as a whole and leaves no other file", () => {
  const path = join(folder, "state.json");
  const state = new StateFile(path);
  const rest = {
    staleAfterSeconds: 2,
    allow: { draw: true },
    block: false,
    warn: [],
    cleanup: 0,
    stop: null,
  };
  state.write(rest);
  state.write({ ...rest, block: true });
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
    sequence: 2,
    pid: process.pid,
    block: true,
  });
  expect(readdirSync(folder)).toEqual(["state.json"]);
  state.remove();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["a file of the user's", "keep me"],
  ["JSON of another kind", '{"schema":"bytesper/result@1"}'],
])("%s in place of a state is refused and kept", (_, text) => {
  const path = join(folder, "mine.txt");
  writeFileSync(path, text);
  expect(() => new StateFile(path)).toThrow(
    `${path} is there already and holds no state of a guard; give --state a path where nothing is.`,
  );
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a device, a folder and a link are refused in place of a state", () => {
  const target = join(folder, "target");
  writeFileSync(target, '{"schema":"bytesper/guard-state@1"}');
  symlinkSync(target, join(folder, "link"));
  for (const path of ["/dev/null", folder, join(folder, "link")])
    expect(() => new StateFile(path), path).toThrow("is there already and holds no state of a guard");
});

test("a state that a killed guard left is replaced, and a file that took its place stays", () => {
  const path = join(folder, "state.json");
  writeFileSync(path, '{"schema":"bytesper/guard-state@1","sequence":7}');
  const state = new StateFile(path);
  writeFileSync(path, "somebody else's");
  state.remove();
  expect(readFileSync(path, "utf8")).toBe("somebody else's");
});

test("a link that was put in place of the next state is not followed", () => {
  const path = join(folder, "state.json");
  const victim = join(folder, "victim");
  writeFileSync(victim, "untouched");
  symlinkSync(victim, `${path}.${process.pid}.next`);
  const rest = { staleAfterSeconds: 2, allow: {}, block: false, warn: [], cleanup: 0, stop: null };
  new StateFile(path).write(rest);
  expect(readFileSync(victim, "utf8")).toBe("untouched");
});

describe("a rules file that cannot be used says where", () => {
  test.each([
    ["{", /it is not JSON/],
    ["[]", /at its top/],
    ['{"rules":[]}', /at rules/],
    ['{"rules":["rssBytes > 1 GiB"],"rulez":1}', /"rulez"/],
    ['{"rules":[{"when":"rssBytes > 1 GiB","action":"explode"}]}', /at rules\.0\.action/],
    ['{"rules":[{"when":"rssBytes > 1 GiB","realease":1}]}', /"realease"/],
    ['{"rules":[{"action":"warn"}]}', /at rules\.0\.when/],
    ['{"rules":["rssBytes > 1 GiB"],"sample":"1 ms"}', /at sample: expected at least 20 ms/],
    ['{"rules":["rssBytes > 1 GiB"],"sample":"soon"}', /at sample: "soon" is not a time/],
    ['{"rules":["rssBytes > 1 GiB"],"numbers":{"a":"b"}}', /at numbers/],
  ])("%s", (text, message) => {
    const path = join(folder, "rules.json");
    writeFileSync(path, text);
    expect(() => readRulesFile(path)).toThrow(message);
  });

  test("one that is not there", () => {
    expect(() => readRulesFile(join(folder, "none.json"))).toThrow(/there is no such file/);
  });
});

test("a rules file in full", () => {
  const path = join(folder, "rules.json");
  writeFileSync(
    path,
    '\uFEFF{"sample":"0.2 s","grace":"3 s","device":1,"numbers":["flows"],"rules":["flows > 3",{"when":{"reading":"rssBytes","above":"1 GiB"},"action":{"skip":"draw"}}]}',
  );
  expect(readRulesFile(path)).toEqual({
    sampleMs: 200,
    graceMs: 3000,
    device: 1,
    numbers: { flows: null },
    rules: ["flows > 3", { when: { reading: "rssBytes", above: "1 GiB" }, action: { skip: "draw" } }],
  });
});
