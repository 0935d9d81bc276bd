import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { BytesperError } from "../../base/errors.js";
import { calibrate } from "../../measure/calibration.js";
import { sentence } from "../../base/sentence.js";
import { runGrowth } from "../../measure/growth.js";
import { runPilot } from "../../measure/pilot.js";
import { runProtocol } from "../../measure/protocol.js";
import { runSnapshotCell } from "../../measure/snapshot-cell.js";
import type { NodeWork, NodeWorkOrder } from "./work.js";

// The first module of every measured process. It reads one piece of work from stdin and writes records to
// file descriptor 3. The standard output belongs to the measured code (the subject).
const RECORDS = 3;

function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
}

/** Starts with a newline, because the subject may have written half a line to the same descriptor. */
function send(record: unknown): void {
  write(RECORDS, `\n${JSON.stringify(record)}\n`);
}

/**
 * Returns the function that stores a record. The record is on disk when that function returns. If writing the
 * file fails, the record goes to the runner instead, which writes it later.
 */
function emitter(turnsFile: string | undefined): (record: unknown) => void {
  let broken = turnsFile === undefined;
  return (record) => {
    if (!broken) {
      try {
        const descriptor = openSync(turnsFile as string, "a");
        try {
          write(descriptor, `${JSON.stringify(record)}\n`);
          fdatasyncSync(descriptor);
          return;
        } finally {
          closeSync(descriptor);
        }
      } catch {
        broken = true;
      }
    }
    send({ type: "turn", record });
  };
}

async function answer(work: NodeWork, emit: (record: unknown) => void): Promise<unknown> {
  switch (work.kind) {
    case "calibrate":
      return calibrate();
    case "pilot":
      return runPilot(work.subject, work.context, emit);
    case "protocol":
      return runProtocol(work.protocol, send, emit);
    case "growth":
      return runGrowth(work.growth, send, emit);
    case "snapshot":
      return runSnapshotCell(work.snapshot, emit);
    case "program": {
      // Imported only for this kind of work: a loaded module takes memory, which would show in the readings
      // of other kinds.
      const { runProgram } = await import("../../measure/program.js");
      return runProgram(work.program, emit);
    }
  }
}

interface ErrorRecord {
  type: "error";
  code: BytesperError["code"] | undefined;
  message: string;
  /** Where the user's code threw; absent for what bytesper says itself. */
  stack?: string;
}

function errorRecord(error: unknown): ErrorRecord {
  const own = error instanceof BytesperError;
  const thrown = own ? error.cause : error;
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return {
    type: "error",
    code: own ? error.code : undefined,
    message: own ? error.message : sentence(error),
    ...(stack === undefined ? {} : { stack }),
  };
}

// Only looks on: what the process does with an error that nobody catches stays as it is.
process.on("uncaughtExceptionMonitor", (error: unknown) => {
  const name = error instanceof Error ? `${error.name}: ` : "";
  send({ ...errorRecord(error), type: "uncaught", message: `nobody caught ${name}${sentence(error)}` });
});

try {
  const { work, turnsFile } = JSON.parse(readFileSync(0, "utf8")) as NodeWorkOrder;
  send({ type: "answer", data: await answer(work, emitter(turnsFile)) });
  // A subject may have open handles that keep the process alive. The answer is complete, so the process ends
  // here.
  process.exit(0);
} catch (error) {
  send(errorRecord(error));
  process.exit(1);
}
