import { expect, test } from "vitest";
import { markdownSentence, markdownTable } from "../../../src/base/table/markdown.js";
import { visibleLines } from "../../../src/base/table/visible.js";
import { indexPage } from "../../../src/report/index-page.js";
import type { Answer } from "../../../src/base/answer.js";
import { answerText } from "../../../src/base/answer.js";
import { resultAnswer, resultPage } from "../../../src/report/page.js";
import { wholeResult } from "./paper/folder.js";

function cellOf(text: string): string {
  const table = markdownTable({
    caption: "",
    columns: [{ title: "class", align: "left" }],
    rows: [[text]],
    notes: [],
  });
  return table.split("\n")[2]?.slice(2, -2).trimEnd() ?? "";
}

test.each([
  ["A|B", String.raw`A\|B`],
  // Without its own escape the backslash would take the pipe's, and the pipe would end the cell.
  [String.raw`A\|B`, String.raw`A\\\|B`],
  ["<symbol>", String.raw`\<symbol>`],
  ["__proto__", String.raw`\_\_proto\_\_`],
  ["used_heap_size", "used_heap_size"],
  ["größe_über", "größe_über"],
  ["*x* `y`", String.raw`\*x\* \`y\``],
  ["a\r\n b", "a b"],
])("%j reads as it is in a Markdown table", (text, source) => {
  expect(cellOf(text)).toBe(source);
});

test.each([
  ["<script>alert(1)</script>", String.raw`\<script>alert(1)\</script>`],
  ["<img src=x onerror=y>", String.raw`\<img src=x onerror=y>`],
  ["<!-- hidden -->", String.raw`\<!-- hidden -->`],
  ["[a](https://x.example)", String.raw`[a]\(https://x.example)`],
  ["![a](x.png)", String.raw`![a]\(x.png)`],
  ["[[a]](x)", String.raw`[[a]]\(x)`],
  ["[a][b]", String.raw`[a]\[b]`],
  ["[a]: x", String.raw`[a]\: x`],
  ["&lt;b&gt;", String.raw`\&lt;b\&gt;`],
  ["two\nlines \u001b[2J", "two lines \ufffd[2J"],
  ["[1] a < b, 5 <= 6 and x & y", "[1] a < b, 5 <= 6 and x & y"],
])("%j is words in a sentence of Markdown", (text, source) => {
  expect(markdownSentence(text)).toBe(source);
});

const printed = (answer: Answer): string =>
  answerText(answer, { width: 80, isColoured: false, verbose: true });

test("captions and footnotes of a table are words, whoever wrote them", () => {
  const table = markdownTable({
    caption: "<b>t",
    columns: [{ title: "class", align: "left" }],
    rows: [[{ absent: "[x](y)" }]],
    notes: ["<i>n"],
  });
  expect(table).toContain(String.raw`**\<b>t**`);
  expect(table).toContain(String.raw`[1] [x]\(y)`);
  expect(table).toContain(String.raw`\<i>n`);
});

test("the page of a result makes words of its title, question, doubts and missing cells", () => {
  const evil = "<img src=x>[a](b)\n# no heading\u001b[31m";
  const result = { ...wholeResult(), title: evil, question: evil, missing: [evil], unit: evil };
  result.warnings = [{ name: evil, message: evil }];
  const page = resultPage(result);
  expect(page).not.toMatch(/(?<!\\)<img|(?<!\\\[a)\]\(b\)|^# no heading/m);
  expect(indexPage([result])).not.toMatch(/(?<!\\)<img|(?<!\\)\]\(b\)/);
  for (const text of [page, indexPage([result]), printed(resultAnswer(result, "result.md"))])
    expect(text).not.toContain("\u001b");
});

test("text for a terminal keeps its lines and no other control", () => {
  expect(visibleLines("a\u001b]0;title\u0007\nb\r\u009b2J")).toBe("a\ufffd]0;title\ufffd\nb \ufffd2J");
});
