import { describe, expect, test } from "vitest";
import { latexSource } from "../../../../src/report/paper/latex-source.js";
import { markdownSource } from "../../../../src/report/paper/markdown-source.js";

describe("Markdown", () => {
  const read = (text: string): ReturnType<typeof markdownSource> => markdownSource(text, "p.md");

  test("a marker's content lies between its ends", () => {
    const text = "a <!-- bytesper:value x.y kB 1 -->7.7 kB<!-- / --> b";
    const [marker] = read(text).markers;
    expect(marker).toMatchObject({ kind: "value", words: "x.y kB 1", line: 1, inline: true });
    expect(text.slice(marker?.start, marker?.end)).toBe("7.7 kB");
  });

  test.each([
    ["fenced", "```md\n<!-- bytesper:table x -->\n```\n"],
    ["fenced with a longer fence within", "````\n```\n<!-- bytesper:table x -->\n```\n````\n"],
    ["fenced by tildes", "~~~\r\n<!-- bytesper:table x -->\r\n~~~\r\n"],
    ["in a span", "Write `<!-- bytesper:table x -->` there.\n"],
    ["in a span of two", "Write `` <!-- bytesper:table `x` --> `` there.\n"],
  ])("a marker that is shown as code is left alone: %s", (_, text) => {
    expect(read(text)).toEqual({ markers: [], macros: [], problems: [] });
  });

  test("50,000 markers are read in one pass: a search of the rest for each of them would not end here", () => {
    const line = "`a` <!-- bytesper:value x.y kB 1 -->7.7 kB<!-- / -->\n";
    const { markers, problems } = read(line.repeat(50_000));
    expect([markers.length, problems]).toEqual([50_000, []]);
    expect(markers.at(-1)).toMatchObject({ words: "x.y kB 1", line: 50_000 });
  });

  test("after the end of a fence markers are filled again", () => {
    expect(read("```\n```\n<!-- bytesper:table x -->\n<!-- /bytesper -->\n").markers).toHaveLength(1);
  });

  test.each([
    ["without an end", "a\n<!-- bytesper:table x -->\nb\n", 2, "has no end; put <!-- /bytesper -->"],
    [
      "nested",
      "<!-- bytesper:table x -->\n<!-- bytesper:value y -->1<!-- / -->\n<!-- /bytesper -->\n",
      1,
      "has no end before the next marker in line 2; markers do not nest",
    ],
    ["an end alone", "a\n\n<!-- /bytesper -->", 3, "This end has no beginning"],
    [
      "unknown",
      "<!-- bytesper:tabel x --><!-- / -->",
      1,
      "bytesper:tabel is no marker; there is bytesper:table",
    ],
  ])("a marker %s has its line in the message", (_, text, line, message) => {
    const [problem] = read(text).problems;
    expect(problem).toMatchObject({ file: "p.md", line });
    expect(problem?.message).toContain(message);
  });

  test("the short end of another tool is no concern", () => {
    expect(read("<!-- / -->").problems).toEqual([]);
  });
});

describe("LaTeX", () => {
  const read = (text: string): ReturnType<typeof latexSource> => latexSource(text, "p.tex");

  test("a block's content is the lines between, whatever their ends", () => {
    const text = 'a\r\n  % bytesper:begin table x/fit caption="a b"\r\nold\r\n  %bytesper:end\nb';
    const [marker] = read(text).markers;
    expect(marker).toMatchObject({
      kind: "table",
      words: 'x/fit caption="a b"',
      line: 2,
      prefix: "  ",
      eol: "\r\n",
    });
    expect(text.slice(marker?.start, marker?.end)).toBe("old\r\n");
  });

  test("macros are found in text and not in comments, verbatim or blocks", () => {
    const text = [
      "\\bytesper{a.b kB 1} and 5\\% of \\bytesper{c.d}",
      "% \\bytesper{no.1}",
      "\\\\% \\bytesper{no.2}",
      "\\verb|\\bytesper{no.3}|",
      "\\begin{verbatim}",
      "\\bytesper{no.4}",
      "% bytesper:begin table no.5",
      "\\end{verbatim}",
      "\\caption{\\num{\\bytesper{e.f",
      "  bare}}}",
    ].join("\n");
    expect(read(text)).toEqual({
      markers: [],
      macros: [
        { key: "a.b kB 1", line: 1 },
        { key: "c.d", line: 1 },
        { key: "e.f\n  bare", line: 9 },
      ],
      problems: [],
    });
  });

  test.each([
    ["without an end", "% bytesper:begin table x\n", 1, "has no end; put % bytesper:end"],
    [
      "nested",
      "% bytesper:begin table x\n% bytesper:begin table y\n% bytesper:end\n",
      1,
      "in line 2; markers do not nest",
    ],
    ["an end alone", "\n% bytesper:end\n", 2, "This end has no beginning"],
    ["unknown", "% bytesper:begin tabel x\n% bytesper:end\n", 1, "the nearest is table"],
    ["in Markdown's form", "% bytesper:table x\n", 1, "bytesper:table is no marker"],
  ])("a marker %s has its line in the message", (_, text, line, message) => {
    const [problem] = read(text).problems;
    expect(problem).toMatchObject({ file: "p.tex", line });
    expect(problem?.message).toContain(message);
  });
});

describe("a source of a megabyte is read in one pass", () => {
  // Where each part of it is looked at again and again, these take minutes.
  test.each<[string, string, number, number]>([
    ["markers on one line", "<!-- bytesper:value x -->1<!-- / -->".repeat(30_000), 30_000, 0],
    ["beginnings without an end", "<!-- bytesper:value x ".repeat(50_000), 0, 0],
    ["spaces after a beginning", `<!-- bytesper:value${" ".repeat(1_000_000)}`, 0, 0],
    [
      "runs of backticks of every length",
      Array.from({ length: 1_400 }, (_, length) => "`".repeat(length + 1)).join("a"),
      0,
      0,
    ],
  ])("Markdown: %s", (_, text, markers, problems) => {
    const source = markdownSource(text, "p.md");
    expect([source.markers.length, source.problems.length]).toEqual([markers, problems]);
  });

  test("LaTeX: spaces within a marker", () => {
    const source = latexSource(`% bytesper:begin table x${" ".repeat(300_000)}y\n% bytesper:end\n`, "p.tex");
    expect(source.markers).toMatchObject([{ kind: "table", line: 1 }]);
  });
});
