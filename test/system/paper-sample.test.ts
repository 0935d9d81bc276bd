import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { latexTable } from "../../src/base/table/latex.js";
import { latexText } from "../../src/base/table/latex-text.js";
import { parseResult } from "../../src/record/schema.js";
import { drawFigures, writeFigures } from "../../src/runner/figures.js";
import { TOUGH } from "../unit/report/tables/tough.js";
import { ROOT, bytesper } from "./cli.js";
import { pdflatex } from "./pdflatex.js";

const FILES = ["docs/paper/sample.md", "docs/paper/sample.tex"];
const ALL = [...FILES, "docs/paper/numbers.tex"];

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The paper and the results, laid out as in the repository. */
async function sampleFolder(): Promise<string> {
  const folder = emptyFolder();
  cpSync(join(ROOT, "docs/paper"), join(folder, "docs/paper"), { recursive: true });
  cpSync(join(ROOT, "results"), join(folder, "results"), { recursive: true, verbatimSymlinks: true });
  const own = join(folder, "results/session-scaling");
  // Figures follow from the result alone, so a folder from before they were drawn can have them too.
  if (!existsSync(join(own, "figures"))) {
    const result = parseResult(readFileSync(join(own, "result.json"), "utf8"), "result.json");
    writeFigures(own, result, await drawFigures(result));
  }
  return folder;
}

describe("the sample paper", () => {
  test("is what the committed results say, byte for byte, and a changed digit is caught", async () => {
    const folder = await sampleFolder();
    const contents = (): string[] => ALL.map((file) => readFileSync(join(folder, file), "utf8"));
    const committed = contents();
    expect((await bytesper(["paper", "--check", ...FILES], { cwd: folder })).stdout).toBe("");
    expect((await bytesper(["paper", ...FILES], { cwd: folder })).code).toBe(0);
    expect(contents()).toEqual(committed);
    for (const [index, file] of ALL.entries()) {
      const text = committed[index] ?? "";
      // A digit of the last filling: behind the last beginning, within its content.
      const at = text.search(/\d(?=\.\d+ (?:k?B<|\|)|\.\d+~kB|\.\d \\\\)/);
      expect(at).toBeGreaterThan(0);
      const digit = String((Number(text[at]) + 1) % 10);
      writeFileSync(join(folder, file), text.slice(0, at) + digit + text.slice(at + 1));
      const { code, stdout } = await bytesper(["paper", "--check", ...FILES], { cwd: folder });
      expect({ file, code }).toEqual({ file, code: 1 });
      expect(stdout).toMatch(/^docs\/paper\/sample\.(md|tex):\d+: /);
      writeFileSync(join(folder, file), text);
    }
  });

  test("compiles", async (context) => {
    const folder = await sampleFolder();
    const ended = await pdflatex(join(folder, "docs/paper"), "sample.tex");
    if (typeof ended === "string") return context.skip(ended);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).not.toMatch(/undefined|Overfull/);
    expect(existsSync(join(folder, "docs/paper/sample.pdf"))).toBe(true);
  });
});

test("LaTeX takes a table of every cell and every text, in and out of a float", async (context) => {
  const folder = emptyFolder();
  const characters: string[] = [];
  for (let code = 0; code < 0x3100; code++) characters.push(String.fromCodePoint(code));
  const pairs = Array.from("\\{}$&#_%^~<>|`'\"-,[]*!?").flatMap((a) =>
    Array.from("-,'`[*?\"~").map((b) => `${a}${b}`),
  );
  const text = [...characters, "\ud800", "\ue000", "😀", ...pairs].map((each) => latexText(`${each} x`));
  const table = latexTable(TOUGH, ["origin % & é"]);
  const document = (head: string): string =>
    [
      `\\documentclass{article}${head}\\usepackage{booktabs}\\usepackage{siunitx}`,
      "\\begin{document}",
      table,
      `\\begin{table}\\centering ${table}\\label{t}\\end{table}`,
      `\\listoftables ${text.join("\n")}`,
      // Each text at the beginning of a row, where a bracket or a star would belong to the end of the one before.
      ...pairs.map((pair) => `\\begin{tabular}{l}a\\\\\n${latexText(pair)}\\end{tabular}`),
      "\\end{document}",
    ].join("\n");
  for (const [name, head] of [
    ["plain.tex", ""],
    ["t1.tex", "\\usepackage[T1]{fontenc}"],
  ] as const) {
    writeFileSync(join(folder, name), document(head));
    const ended = await pdflatex(folder, name);
    if (typeof ended === "string") return context.skip(ended);
    expect({ name, code: ended.code, errors: ended.stdout.match(/^!.*$/gm) }).toEqual({
      name,
      code: 0,
      errors: null,
    });
  }
});
