import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ComparisonReport } from "../../src/report/compare/page.js";
import type { Result } from "../../src/record/schema.js";
import { bytesper as bytesperItself, inFolder, measured } from "./cli.js";
import { bytesperInOneProcess } from "./one-process.js";

const bytesper = bytesperInOneProcess();

const results = new Map<string, Promise<Result>>();

async function measuredSource(source: string): Promise<Result> {
  return inFolder((folder) => {
    const file = join(folder, "session.mjs");
    writeFileSync(file, source);
    return measured([file, "--trials", "3", "--instances", "200"]);
  });
}

/** Measures `create` given as source, once for all tests, and leaves the result as NAME.json in the folder. */
async function resultOf(folder: string, name: string, source: string): Promise<Result> {
  const measuring = results.get(source) ?? measuredSource(source);
  results.set(source, measuring);
  const result = await measuring;
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(result));
  return result;
}

const session = (fields: string, after = ""): string =>
  `class Session { constructor(i) { this.id = i; this.at = 1.7e12 + i; ${fields} } }
export const create = (i) => { const session = new Session(i); ${after} return session; };`;

test("one more field of a class is heavier, by its bytes and with its name", async () => {
  await inFolder(async (folder) => {
    await resultOf(folder, "base", session(""));
    await resultOf(folder, "more", session("this.until = 1.8e12 + i;"));
    const [base, more] = ["base", "more"].map((name) => join(folder, `${name}.json`)) as [string, string];
    // A word in the object and a box of two words for the fraction.
    const heavier = await bytesper(["compare", base, more]);
    expect(heavier.code).toBe(1);
    expect(heavier.stdout).toContain(
      "+24 bytes per instance: `(heap number)` 16 -> 32 (1 -> 2 of them); `Session` 40 -> 48",
    );
    const lighter = await bytesper(["compare", more, base, "--json"]);
    expect(lighter.code).toBe(0);
    const { comparisons } = JSON.parse(lighter.stdout) as ComparisonReport;
    expect(comparisons[0]).toMatchObject({
      verdict: "lighter",
      parts: { differenceBytes: -24, restBytes: 0 },
    });
    const page = await bytesper(["compare", base, more, "--markdown"]);
    expect(page.stdout).toContain("## Memory: 1 experiment got heavier");
  });
});

test("an object whose hidden class became a dictionary is said to have done so", async () => {
  await inFolder(async (folder) => {
    await resultOf(folder, "base", session(""));
    await resultOf(folder, "dictionary", session("", "delete session.id;"));
    const { code, stdout } = await bytesperItself([
      "compare",
      join(folder, "base.json"),
      join(folder, "dictionary.json"),
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain("the hidden class of `Session` became a dictionary");
  });
});

test("results that differ in Node's major version are not comparable, which is no success", async () => {
  await inFolder(async (folder) => {
    const result = await resultOf(folder, "base", session(""));
    const file = join(folder, "other.json");
    const environment = { ...result.environment, node: "99.0.0" };
    writeFileSync(file, JSON.stringify({ ...result, environment }));
    const { code, stdout } = await bytesper(["compare", join(folder, "base.json"), file]);
    expect(code).toBe(3);
    expect(stdout).toContain("Not comparable: major version of Node");
  });
});

test("what cannot be read is one sentence that names the file", async () => {
  await inFolder(async (folder) => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const damaged = file("damaged.json", '{"schema": "bytesper/result@1", ');
    const newer = file("newer.json", '{"schema": "bytesper/result@2"}');
    const mistakes: [string, string, RegExp][] = [
      [damaged, newer, /damaged\.json is not JSON/],
      [newer, damaged, /newer\.json has the schema bytesper\/result@2.*newer bytesper/],
      [empty, newer, /BASE .*empty holds no result/],
      [join(folder, "none"), newer, /BASE .*none does not exist/],
      [newer, newer, /both .*newer\.json; give two results/],
    ];
    for (const [base, next, sentence] of mistakes) {
      const { code, stderr } = await bytesper(["compare", base, next]);
      expect(code).toBe(2);
      expect(stderr).toMatch(sentence);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });
});
