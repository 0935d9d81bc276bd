import { expect, test } from "vitest";
import { lineOf } from "../../../../src/report/budgets/config-file.js";
import type { Confirmed } from "../../../../src/report/budgets/confirm.js";
import { confirm } from "../../../../src/report/budgets/confirm.js";
import { annotations, summaryMarkdown } from "../../../../src/report/budgets/github.js";
import type { Finding } from "../../../../src/report/budgets/judge.js";
import { junitReport } from "../../../../src/report/budgets/junit.js";
import { budgetAnswer } from "../../../../src/report/budgets/text.js";
import { editedJson, editsOf } from "../../../../src/report/budgets/update.js";

const over: Finding = {
  experiment: "tiny",
  key: "perSession",
  limit: "70 B",
  measured: "80 B per session",
  verdict: "over",
  over: "10 B (14.29 %)",
  fitting: { bytes: 81 },
};
const within: Finding = { ...over, measured: "69 B per session", verdict: "within", fitting: { bytes: 69 } };
const place = {
  config: "b.json",
  line: () => 2,
  reproduce: (name: string) => `bytesper check --only ${name}`,
};
const failed: Confirmed = { first: over, second: over, verdict: "over", cause: "+24 bytes: `A<B>` 1 -> 2" };

test("a budget fails only where both measurements exceed it", () => {
  expect(confirm([over], [over])[0]?.verdict).toBe("over");
  expect(confirm([over], [within])[0]?.verdict).toBe("within");
  expect(confirm([within], [])[0]?.verdict).toBe("within");
});

test("a failure says by how much, why, where and how again", () => {
  const text = budgetAnswer([failed], place).details;
  for (const part of [
    "missed by 10 B (14.29 %)",
    "measured again",
    "why: +24",
    "b.json:2",
    "reproduce: bytesper",
  ])
    expect(text).toContain(part);
});

test("both measurements are told where the second kept the budget", () => {
  const text = budgetAnswer(confirm([over], [within]), place).details;
  expect(text).toContain("80 B per session at first and 69 B per session when measured again");
});

test("JUnit escapes what XML would read, and an unknown verdict is an error", () => {
  const unknown: Confirmed = { first: { ...over, verdict: "unknown", reason: "a & b" }, verdict: "unknown" };
  const xml = junitReport([failed, unknown, { first: within, verdict: "within" }], place);
  expect(xml).toContain('tests="3" failures="1" errors="1"');
  expect(xml).toContain("A&lt;B&gt;");
  expect(xml).toContain("a &amp; b");
});

test("annotations keep one line, and paths with commas one property", () => {
  const [line = ""] = annotations([failed], { ...place, config: "a,b.json" });
  expect(line).toMatch(/^::error file=a%2Cb\.json,line=2,title=/);
  expect(line).toContain("%25");
  expect(line).not.toContain("\n");
});

test("the job summary has a row for each budget", () => {
  const page = summaryMarkdown([failed, { first: within, verdict: "within" }], place);
  expect(page).toContain("1 budget exceeded, 1 budget kept.");
  expect(page.match(/^\| tiny\.perSession/gm)).toHaveLength(2);
});

const CONFIG = '{\n    "tiny": {\n        "perSession": "70 B",\n        "growth": "2 %"\n    }\n}\n';

test("updates only lower, unless a raise is allowed", () => {
  const limits = new Map([["tiny.perSession", 70]]);
  expect(editsOf(confirm([within], []), limits, false)).toMatchObject([{ value: "69 B", isRaise: false }]);
  const loose = { ...within, fitting: { bytes: 71 } };
  expect(editsOf(confirm([loose], []), limits, true)).toEqual([]);
  expect(editsOf([failed], limits, false)).toEqual([]);
  expect(editsOf([failed], limits, true)).toMatchObject([{ value: "81 B", isRaise: true }]);
});

test("a raised budget has its reason beside it, and the file keeps its indent", () => {
  const edits = editsOf([failed], new Map([["tiny.perSession", 70]]), true);
  const text = editedJson(CONFIG, edits, "titles are kept");
  expect(JSON.parse(text)).toEqual({
    tiny: { perSession: "81 B", growth: "2 %", reasons: { perSession: "titles are kept" } },
  });
  expect(text).toContain('\n    "tiny"');
});

test("the line of a key is that within its experiment", () => {
  expect(lineOf(CONFIG, "tiny", "growth")).toBe(4);
  expect(lineOf("export default {\n  tiny: {\n    growth: '2 %' } }", "tiny", "growth")).toBe(3);
  expect(lineOf("export default budgets();", "tiny", "growth")).toBe(1);
});
