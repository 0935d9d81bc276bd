#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import { visibleLines } from "../base/table/visible.js";
import type { RunnerMessage } from "./background.js";
import { bytesperProgram } from "./program.js";
import { printMessage } from "./print.js";

/** Exit code for output that cannot be written. */
const WRITE_FAILED = 3;

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

const program = await bytesperProgram(manifest.version, process.argv[2]);

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
    printMessage(error.message);
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
