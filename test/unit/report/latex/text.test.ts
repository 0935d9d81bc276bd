import { expect, test } from "vitest";
import { latexComment, latexNote, latexText } from "../../../../src/base/table/latex-text.js";

test.each([
  ["100 %", "100 \\%"],
  ["used_heap_size", "used\\_heap\\_size"],
  ["a & b #1 $x {y}", "a \\& b \\#1 \\$x \\{y\\}"],
  ["C:\\temp", "C:\\textbackslash{}temp"],
  ["n^2~1", "n\\textasciicircum{}2\\textasciitilde{}1"],
  ["Map<K|V>", "Map\\textless{}K\\textbar{}V\\textgreater{}"],
  // Two hyphens would become a dash, two commas or apostrophes a quotation mark.
  ["--expose-gc", "-{}-expose-gc"],
  ["---", "-{}-{}-"],
  // These would go on a row's end, as in \\[2mm].
  ["[a]*", "{[}a{]}{*}"],
  ["a,,b", "a,{},b"],
  ["''", "'{}'"],
  ["a — b – c", "a \\textemdash{} b \\textendash{} c"],
  ['the "text" here', "the \\textquotedblleft{}text\\textquotedblright{} here"],
  ["µs and μs", "\\ensuremath{\\mu}s and \\ensuremath{\\mu}s"],
  ["n²", "n\\textsuperscript{2}"],
  ["1\u00a0GiB", "1~GiB"],
  ["größe", 'gr\\"{o}\\ss{}e'],
  ["Çı", "\\c{C}\\i{}"],
  ["í", "\\'{\\i}"],
  // The letter and its accent apart read the same.
  ["e\u0301", "\\'{e}"],
  ["😀", "{[}U+1F600{]}"],
  ["ש", "{[}U+05E9{]}"],
  ["a\u202eb", "a{[}U+202E{]}b"],
  ["a\u0007b", "a{[}U+0007{]}b"],
  ["\ud800", "{[}U+D800{]}"],
  // Of the private use area, which the writer itself uses on its way.
  ["\ue000", "{[}U+E000{]}"],
  ["a\r\n\tb", "a b"],
])("%j is %j", (text, source) => {
  expect(latexText(text)).toBe(source);
});

test("code in a note is typewriter", () => {
  expect(latexNote("`a_b` & c")).toBe("\\texttt{a\\_b} \\& c");
});

test("a comment stays on its line", () => {
  expect(latexComment("a\nb\u2028c\fd\r")).toBe("% a b c d");
});
