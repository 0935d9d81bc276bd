import { expect, test } from "vitest";
import { markdownTable } from "../../../src/base/table/markdown.js";

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
