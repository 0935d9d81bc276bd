import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { BytesperError } from "../base/errors.js";
import { measuringEnvironment, measuringFlags } from "../runner/cell/flags.js";
import type { CurrentTest } from "./current-test.js";
import { workerConfig } from "./current-test.js";
import { ORDER_VARIABLE } from "./order.js";

/** Options of the user's command line that choose the configuration and the modules of a test. */
const KEPT_OPTIONS = ["--config", "-c", "--root", "-r", "--mode", "--configLoader"];
/** A folder that is relative to where the user started the runner. */
const ROOT_OPTIONS = ["--root", "-r"];

export interface RunnerCommand {
  command: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  flags: string[];
}

/** The command that runs one test of one file in a new process, where nothing else runs. */
export function runnerCommand(test: CurrentTest, orderFile: string, reportFile: string): RunnerCommand {
  const runner = findRunner(test.file);
  const flags = measuringFlags("off");
  // The new worker gets the flags that the user's configuration gave to this one.
  const own = process.execArgv.filter(
    (flag) => !flags.includes(flag) && !/^--(?:inspect|cpu-prof|heap-prof)/.test(flag),
  );
  const execArgv = runner.major >= 4 ? "--execArgv" : "--poolOptions.forks.execArgv";
  const cwd = workerConfig().root ?? process.cwd();
  return {
    command: [
      ...[process.execPath, runner.path, "run", test.file],
      ...keptOptions(runnerArguments(), process.cwd()),
      ...(test.project === "" ? [] : [`--project=${test.project}`]),
      `--testNamePattern=^\\s*${escaped(test.fullName)}$`,
      ...["--pool=forks", "--no-file-parallelism", "--watch=false", "--retry=0", "--testTimeout=0"],
      ...["--coverage.enabled=false", "--typecheck.enabled=false", "--passWithNoTests=false"],
      ...["--reporter=json", `--outputFile=${reportFile}`],
      ...[...own, ...flags].map((flag) => `${execArgv}=${flag}`),
    ],
    cwd,
    env: environment(orderFile),
    flags,
  };
}

/** A command with which a person can run the test again. */
export function reproduction(test: CurrentTest): string {
  const words = [
    ...keptOptions(runnerArguments(), process.cwd()),
    ...[test.file, "-t", `^${escaped(test.fullName)}$`],
  ];
  return `npx vitest run ${words.map(quoted).join(" ")}`;
}

function quoted(word: string): string {
  return /^-[\w-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function findRunner(testFile: string): { path: string; major: number } {
  try {
    const manifest = createRequire(testFile).resolve("vitest/package.json");
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    return { path: join(dirname(manifest), "vitest.mjs"), major: Number(version.split(".")[0]) };
  } catch (error) {
    throw new BytesperError(
      "BAD_SUBJECT",
      `vitest is not found from ${testFile}, so the test cannot be run in a fresh process; install it beside the test.`,
      { cause: error },
    );
  }
}

/** Arguments of the process that runs the tests, as far as they can be read. Workers do not get them. */
function runnerArguments(): string[] {
  const given = process.env.BYTESPER_VITEST_ARGS;
  if (given !== undefined) return given.split(/\s+/).filter(Boolean);
  if (process.argv.some((argument) => /vitest\.mjs$/.test(argument))) return process.argv.slice(2);
  try {
    return readFileSync(`/proc/${process.ppid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** @param started the folder in which the user started the runner */
export function keptOptions(given: readonly string[], started: string): string[] {
  return given.flatMap((argument, place) => {
    const [name = "", ...rest] = argument.split("=");
    if (!KEPT_OPTIONS.includes(name)) return [];
    const value = rest.length > 0 ? rest.join("=") : (given[place + 1] ?? "");
    return [`${name}=${ROOT_OPTIONS.includes(name) ? resolve(started, value) : value}`];
  });
}

/** The environment without vitest's variables for this worker, and without coverage recording. */
function environment(orderFile: string): NodeJS.ProcessEnv {
  const base = measuringEnvironment();
  const env = Object.fromEntries(
    Object.entries(base).filter(([name]) => !/^VITEST(?:_|$)/.test(name) && name !== "NODE_V8_COVERAGE"),
  );
  // The test may need modules that the user's options load.
  const options = process.env.NODE_OPTIONS ?? "";
  return { ...env, NODE_OPTIONS: options, [ORDER_VARIABLE]: orderFile };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
