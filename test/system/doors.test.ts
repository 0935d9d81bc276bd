import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseResult } from "../../src/record/schema.js";
import { inFolder, ROOT, run } from "./cli.js";

/** A project with bytesper among its packages. */
async function inProject<T>(use: (folder: string) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/bytesper"));
    symlinkSync(join(ROOT, "node_modules/@types"), join(folder, "node_modules/@types"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
    return use(folder);
  });
}

interface Answer {
  [key: string]: unknown;
}

/** Runs a program of the project; it must end well and print one line of JSON and nothing else. */
async function answerOf(folder: string, program: string): Promise<Answer> {
  writeFileSync(join(folder, "program.mjs"), program);
  const ended = await run(process.execPath, ["program.mjs"], { cwd: folder });
  expect(ended.stderr).toBe("");
  expect(ended.code).toBe(0);
  return JSON.parse(ended.stdout) as Answer;
}

test("the example measures a class and runs a grid", async () => {
  await inProject(async (folder) => {
    cpSync(join(ROOT, "docs/examples"), folder, { recursive: true });
    const ended = await run(process.execPath, ["measure-and-grid.mjs"], { cwd: folder });
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toMatch(/^one session: \d+(\.\d+)? B of heap and external memory$/m);
    expect(ended.stdout).toMatch(/^64 MiB: peak \d{8,} B$/m);
    expect(ended.stderr).toContain("2/2 cells");
    const file = join(folder, "results/buffers/result.json");
    expect(parseResult(readFileSync(file, "utf8"), file)).toMatchObject({ complete: true, missing: [] });
    expect(existsSync(join(folder, "results/journal.jsonl"))).toBe(true);
  });
});

test("a program hears of mistakes by their codes, and nothing of the process is changed", async () => {
  await inProject(async (folder) => {
    writeFileSync(
      join(folder, "fails.mjs"),
      "export const create = () => { throw new Error('the pool is empty'); };",
    );
    const answer = await answerOf(
      folder,
      `import { BytesperError, GridError, measure, parseResult, profile, runGrid } from "bytesper";
      const codeOf = (promise) =>
        promise.then(() => "none", (error) => (error instanceof BytesperError ? [error.code, error.message] : [String(error)]));
      const signals = () => ["SIGINT", "SIGTERM", "SIGHUP"].map((name) => process.listenerCount(name));
      const before = signals();
      class Session {}
      const grid = (more) => ({ name: "own", unit: "one", command: ["node", "-e", "console.log('{}')"], ...more });
      const abort = new AbortController();
      abort.abort();
      const interrupted = await runGrid(grid(), { signal: abort.signal }).catch((error) => error);
      const answers = {
        value: await codeOf(measure(Session)),
        gone: await codeOf(measure("gone.mjs")),
        web: await codeOf(measure(new URL("https://example.org/a.mjs"))),
        trials: await codeOf(measure("fails.mjs", { trials: 0 })),
        threw: await codeOf(measure("fails.mjs")),
        aborted: await codeOf(measure("fails.mjs", { signal: abort.signal })),
        inline: await codeOf(runGrid({ name: "inline", unit: "one", subject: { create: () => ({}) } })),
        unknown: await codeOf(runGrid(grid({ caps: { size: "1" } }))),
        none: await codeOf(runGrid([])),
        shipped: await codeOf(profile({ experiments: ["session-scalling"] })),
        result: await codeOf(parseResult("{}")),
        interrupted: [interrupted instanceof GridError, interrupted.code, interrupted.grid?.results.length],
        untouched: process.exitCode === undefined && JSON.stringify(signals()) === JSON.stringify(before),
      };
      console.log(JSON.stringify(answers));`,
    );
    expect(answer).toMatchObject({
      value: ["BAD_SUBJECT", expect.stringMatching(/^measure was given Session itself, .*give the path/)],
      gone: ["BAD_SUBJECT", "gone.mjs does not exist; give the path of a module."],
      web: ["USAGE", expect.stringContaining("is no file URL")],
      trials: ["USAGE", '"trials" is 0; give a whole number from 1.'],
      threw: ["SUBJECT_THREW", expect.stringContaining("the pool is empty")],
      aborted: ["INTERRUPTED", expect.any(String)],
      inline: ["BAD_EXPERIMENT", expect.stringContaining('give its path as "subject"')],
      unknown: ["BAD_EXPERIMENT", expect.stringContaining('there is no cap "size"')],
      none: ["USAGE", expect.any(String)],
      shipped: ["UNKNOWN_EXPERIMENT", expect.any(String)],
      result: ["BAD_RESULT", expect.stringMatching(/^the text is not a result: /)],
      interrupted: [true, "INTERRUPTED", 0],
      untouched: true,
    });
  });
});

test("importing bytesper loads a handful of modules, and none of what measures", async () => {
  await inProject(async (folder) => {
    // A loader sees every module that is asked for, whatever asks for it.
    writeFileSync(
      join(folder, "hooks.mjs"),
      `import { appendFileSync } from "node:fs";
      export async function load(url, context, next) {
        appendFileSync(${JSON.stringify(join(folder, "loaded.txt"))}, url + "\\n");
        return next(url, context);
      }`,
    );
    const { defined } = await answerOf(
      folder,
      `import { register } from "node:module";
      register("./hooks.mjs", import.meta.url);
      const { defineExperiment } = await import("bytesper");
      console.log(JSON.stringify({ defined: typeof defineExperiment }));`,
    );
    expect(defined).toBe("function");
    const loaded = readFileSync(join(folder, "loaded.txt"), "utf8").trim().split("\n");
    const names = loaded.map((url) => url.replace(/^.*\/dist\//, "")).sort();
    expect(names).toEqual(["base/errors.js", "experiment/define.js", "index.js", "runner/grid-error.js"]);
  });
});

const CONSUMER = `
import type { Experiment, Grid, Message, Result } from "bytesper";
import { BytesperError, defineExperiment, measure, parseResult, profile, runGrid } from "bytesper";
import { History } from "bytesper/context";
import { generatedCorpus } from "bytesper/corpus";
import { MemoryPool } from "bytesper/device";
import { MemoryGuard } from "bytesper/guard";
import { estimate } from "bytesper/model";
import { explain } from "bytesper/oom";
import { parseResult as parseNow } from "bytesper/result";
import "bytesper/vitest";
import * as writelog from "bytesper/writelog";

const experiment: Experiment = defineExperiment({ name: "own", unit: "one", command: ["true"] });
const told = ({ text, cells }: Message): string => (cells === undefined ? text : String(cells.total));
export const all = async (): Promise<Result[]> => {
  const { results, out }: Grid = await runGrid([experiment, "other.mjs"], { out: "here", onMessage: told });
  const { fit } = await measure("session.mjs#Session", { trials: 3, signal: new AbortController().signal });
  const bytes: number = "absent" in fit ? 0 : fit.perUnitBytes.value;
  const one: Result = parseNow("{}", out + String(bytes));
  return [...results, one, await parseResult("{}"), ...(await profile({ quick: true })).results];
};
// @ts-expect-error: a class is measured by the path of its module
export const wrong = measure(class Session {});
export const used = [BytesperError, History, generatedCorpus, MemoryPool, MemoryGuard, estimate, explain, writelog];
`;

test.each([
  ["node16", "node16"],
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])("a consumer's types hold with module %s and resolution %s", async (module, moduleResolution) => {
  await inProject(async (folder) => {
    writeFileSync(join(folder, "consumer.ts"), CONSUMER);
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      strict: true,
      noEmit: true,
      types: ["node"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const ended = await run(process.execPath, [tsc, "-p", folder], { cwd: folder });
    expect(ended.stdout).toBe("");
    expect(ended.code).toBe(0);
  });
});
