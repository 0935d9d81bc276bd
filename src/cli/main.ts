#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import { wrappedLines } from "../base/wrap.js";
import { visibleLines } from "../base/table/visible.js";
import type { RunnerMessage } from "./background.js";

/** Exit code for output that cannot be written. */
const WRITE_FAILED = 3;

/** In the order of the help. The rooms that a command does not need are not loaded. */
const COMMANDS = {
  profile: async () => (await import("./profile.js")).addProfile,
  measure: async () => (await import("./measure.js")).addMeasure,
  fits: async () => (await import("./fits.js")).addFits,
  snapshot: async () => (await import("./snapshot.js")).addSnapshot,
  growth: async () => (await import("./growth.js")).addGrowth,
  import: async () => (await import("./import.js")).addImport,
  attach: async () => (await import("./attach.js")).addAttach,
  connections: async () => (await import("./connections.js")).addConnections,
  attention: async () => (await import("./attention.js")).addAttention,
  check: async () => (await import("./check.js")).addCheck,
  compare: async () => (await import("./compare.js")).addCompare,
  devices: async () => (await import("./devices.js")).addDevices,
  estimate: async () => (await import("./estimate.js")).addEstimate,
  "explain-oom": async () => (await import("./explain-oom.js")).addExplainOom,
  guard: async () => (await import("./guard.js")).addGuard,
  "simulate-context": async () => (await import("./simulate-context.js")).addSimulateContext,
  run: async () => (await import("./run.js")).addRun,
  resume: async () => (await import("./resume.js")).addResume,
  status: async () => (await import("./status.js")).addStatus,
  report: async () => (await import("./report.js")).addReport,
  paper: async () => (await import("./paper.js")).addPaper,
  writes: async () => (await import("./writes.js")).addWrites,
} satisfies Record<string, () => Promise<(program: Command) => void>>;

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

// If the reader of an output stops (for example `| head`), that output ends and the work continues. A full disk
// is told on the other one.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || stream === process.stderr) return;
    process.stderr.write(`The output could not be written: ${sentence(error)}.\n`);
    process.exitCode = WRITE_FAILED;
  });
}

/** Tells `--supervise` that this end was chosen and is no crash. */
function announceEnd(): void {
  if (process.connected) process.send?.({ ended: true } satisfies RunnerMessage);
}

const program = new Command("bytesper")
  .description("measures how many bytes one session, message or instance costs")
  .version(manifest.version)
  .exitOverride()
  .showHelpAfterError(false);
const asked = Object.entries(COMMANDS).find(([name]) => name === process.argv[2]);
// The help, `retry` (which resume.ts adds) and a name that no command has need all of them.
for (const load of asked === undefined ? Object.values(COMMANDS) : [asked[1]]) (await load())(program);

try {
  requireWorkingFolder();
  await program.parseAsync();
  announceEnd();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has already printed its message. Asking for help is not an error.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    announceEnd();
  } else if (error instanceof BytesperError) {
    const message = visibleLines(error.message);
    // A script gets the sentence as one line.
    const { isTTY, columns } = process.stderr;
    process.stderr.write(`${isTTY && columns > 0 ? wrappedLines(message, columns) : message}\n`);
    process.exitCode = error.exitCode;
    announceEnd();
  } else if (error instanceof Error && error.name === "AbortError") {
    // The signal has said "Interrupted" already.
    process.stderr.write("Interrupted before there was anything to show.\n");
    process.exitCode = 130;
    announceEnd();
  } else {
    process.stderr.write(
      `This is a defect of bytesper: ${visibleLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
    );
    process.exitCode = 1;
  }
}

function requireWorkingFolder(): void {
  try {
    process.cwd();
  } catch (error) {
    throw new BytesperError("USAGE", "The working directory does not exist any more; go to one that does.", {
      cause: error,
    });
  }
}
