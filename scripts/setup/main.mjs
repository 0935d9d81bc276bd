import { performance } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";
import { addonNeeds, buildAddon, forgetAddon } from "./addon.mjs";
import { requireBuildTools } from "./build-tools.mjs";
import { buildDist, distNeeds, forgetDist } from "./dist.mjs";
import { installPackages, packagesNeed } from "./packages.mjs";
import { LOCK_FILE } from "./paths.mjs";
import { runChild } from "./run-child.mjs";
import { resolveCommand } from "./command.mjs";
import { Stop } from "./stop.mjs";
import { withLock } from "./lock.mjs";

/** Long enough for an install and a build on a slow machine. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** Silence that people take for a hang; a log that nobody watches gets fewer lines. */
const STILL_MS = process.stderr.isTTY ? 10_000 : 120_000;
const OPTIONS = ["--force", "--packages"];

export async function main(args) {
  try {
    const { force, packagesOnly, command } = parse(args);
    await setUp({ force, packagesOnly, command });
    if (command.length > 0) await runLast(command);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.message !== "") say(error.message);
    if (error.signal !== undefined) process.kill(process.pid, error.signal);
    process.exitCode = error.exitCode;
  }
}

function parse(args) {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  const unknown = own.find((argument) => !OPTIONS.includes(argument));
  if (unknown !== undefined) {
    throw new Stop(`setup knows ${OPTIONS.join(" and ")} before "--", not ${unknown}.`, { exitCode: 2 });
  }
  return {
    force: own.includes("--force"),
    packagesOnly: own.includes("--packages"),
    command: end === -1 ? [] : args.slice(end + 1),
  };
}

async function setUp({ force, packagesOnly, command }) {
  if (!force && missing(command, packagesOnly).none) return;
  await withLock(
    LOCK_FILE,
    async () => {
      if (force) {
        forgetAddon();
        forgetDist();
      }
      // Looked at again under the lock: another set-up may have done the work while this one waited.
      const todo = missing(command, packagesOnly);
      // Before the packages are fetched: a machine that cannot build should say so at once.
      if (todo.addon) await requireBuildTools();
      if (todo.packages) await timed("the packages are installed", () => installPackages({ say }));
      if (todo.addon) await timed("the addon is built", () => buildAddon({ say }));
      if (todo.dist) await timed("dist is written", () => buildDist({ say }));
    },
    {
      longestWaitMs: LONGEST_WAIT_MS,
      onWait: (owner) => say(`waiting for another set-up of this folder (process ${owner})`),
    },
  );
}

/** A step says every now and then that it still runs, and at its end how long it took. */
async function timed(done, step) {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  const timer = setInterval(() => say(`still at it after ${seconds()} s`), STILL_MS);
  timer.unref();
  try {
    await step();
  } finally {
    clearInterval(timer);
  }
  say(`${done}, ${Math.max(1, seconds())} s`);
}

function missing(command, packagesOnly) {
  const addon = !packagesOnly && addonNeeds();
  const dist = !packagesOnly && distNeeds();
  // What is built runs without the tools that built it, so an install with --omit=dev is left alone for it.
  const runsBuilt = command[0] === "node" && (command[1] ?? "").startsWith("dist/");
  const packages = packagesNeed({ development: dist || !runsBuilt });
  return { addon, dist, packages, none: !addon && !dist && !packages };
}

/** The command takes this process's place: its exit code, or its death by a signal, becomes ours. */
async function runLast(command) {
  const { file, args } = resolveCommand(command);
  const { code, signal } = await runChild(file, args, { stdio: "inherit" });
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}

function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}
