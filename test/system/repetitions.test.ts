import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseResult } from "../../src/record/schema.js";
import { readJournal } from "../../src/runner/journal/read.js";
import { bytesper, inFolder } from "./cli.js";
import { pdflatex } from "./pdflatex.js";

const SCRIPT = "console.log(JSON.stringify({ printedSeed: Number(process.argv[1]), constant: 7 }))";

test("three seeds by five repetitions are fifteen runs of their own, with mean and deviation", async (context) => {
  await inFolder(async (folder) => {
    const file = join(folder, "seeds.experiment.mjs");
    const command = [process.execPath, "-e", SCRIPT, "{seed}"];
    const experiment = { name: "seeds", unit: "run", factors: { seed: [1, 2, 3] }, command };
    writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
    const out = join(folder, "out");
    const ended = await bytesper(["run", file, "--trials", "5", "--out", out]);
    expect(ended.code, ended.stderr).toBe(0);
    const { rows } = parseResult(readFileSync(join(out, "seeds/result.json"), "utf8"), "result.json");
    const seeds = rows.map(({ runs = [] }) => runs.map(({ seed }) => seed));
    expect(seeds.map(([first]) => first)).toEqual([1, 2, 3]);
    expect(new Set(seeds.flat()).size).toBe(15);

    // What each run printed is in the journal, and so is the seed that it was given.
    const printed = new Map<string, unknown>();
    const given = new Map<string, unknown>();
    for (const record of readJournal(join(out, "journal.jsonl")).records) {
      if (record.type === "planned") given.set(`${record.cell}/${record.trial}`, record.seed);
      if (record.type === "turn")
        printed.set(`${record.cell}/${record.trial}`, (record.record as { printedSeed: number }).printedSeed);
    }
    expect(printed.size).toBe(15);
    expect(printed).toEqual(given);

    for (const [index, { statistics }] of rows.entries()) {
      const own = (seeds[index] ?? []).map(Number);
      const mean = own.reduce((sum, seed) => sum + seed, 0) / 5;
      expect(statistics?.printedSeed?.n).toBe(5);
      expect((statistics?.printedSeed?.mean ?? 0) / mean).toBeCloseTo(1, 12);
      expect(statistics?.constant?.interval).toEqual({ absent: "all 5 runs gave the same value" });
    }
    const page = readFileSync(join(out, "seeds/result.md"), "utf8");
    expect(page).toContain("all 5 runs gave the same value");
    for (const seed of seeds.flat()) expect(page).toContain(String(seed));

    const tables = ["main", "runs"].map((name) => join(out, `seeds/tables/${name}.tex`));
    for (const table of tables) {
      expect(existsSync(table)).toBe(true);
      expect(readFileSync(table, "utf8")).toContain("separate-uncertainty=true");
    }
    const inputs = tables.map((table) => `\\input{${table}}`).join("\n\n");
    const head =
      "\\documentclass{article}\\usepackage[margin=5mm,paperwidth=80cm]{geometry}\\usepackage{booktabs,siunitx}";
    writeFileSync(join(folder, "p.tex"), `${head}\\begin{document}\n${inputs}\n\\end{document}\n`);
    const compiled = await pdflatex(folder, "p.tex");
    if (typeof compiled === "string") return context.skip(compiled);
    expect({ code: compiled.code, errors: compiled.stdout.match(/^!.*$/gm) }).toEqual({
      code: 0,
      errors: null,
    });
    return undefined;
  });
});

test("a repetition that fails is counted beside the mean, and is a doubt", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "part.experiment.mjs");
    const script = `if (process.argv[1] === "3") process.exit(9); ${SCRIPT}`;
    const command = [process.execPath, "-e", script, "{repetition}"];
    writeFileSync(
      file,
      `export default ${JSON.stringify({ name: "part", unit: "run", repetitions: 4, command })};\n`,
    );
    const out = join(folder, "out");
    const { code, stdout } = await bytesper(["run", file, "--verbose", "--out", out]);
    expect(code).toBe(1);
    // 1, 2 and 4: mean 7/3, deviation sqrt(7/3).
    expect(stdout).toContain("2.3 ± 1.5 [1]");
    expect(stdout).toContain("[1] 3 of 4 runs; 1 crashed");
    expect(stdout).toContain("runs-left-out");
  });
});
