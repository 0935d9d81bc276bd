import { closeSync, openSync, writeSync } from "node:fs";
import { BytesperError } from "../base/errors.js";
import { calibrate } from "../measure/calibration.js";
import { sentence } from "../base/sentence.js";
import { runRounds } from "../inspect/growth/index.js";
import { runGrowth } from "../measure/growth.js";
import { runPilot } from "../measure/pilot.js";
import { runProtocol } from "../measure/protocol.js";
import { runSnapshotCell } from "../measure/snapshot-cell.js";
import { writeLeakSnapshots } from "./leak/snapshots.js";
import { waitUntilQuiet } from "./quiet.js";
import type { Order, Thrown } from "./order.js";
import { sourceOf } from "./order.js";

/** Key under which the measuring code finds what the test passed to `expect`. */
export const SUBJECT_KEY = "bytesper.vitest.subject";

/** Thrown to end a test whose process was started only to measure. */
class Measured extends Error {
  override readonly name = "Measured";
}

/**
 * Does the ordered work with the value that the test passed to `expect`, writes the answer, and ends the
 * test.
 */
export async function measureHere(received: unknown, order: Order): Promise<never> {
  const descriptor = openSync(order.answerFile, "a");
  const send = (record: unknown): void => {
    const bytes = Buffer.from(`\n${JSON.stringify(record)}\n`);
    for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
  };
  try {
    requireFlags(order.flags);
    requireSame(received, order.source);
    await waitUntilQuiet();
    (globalThis as Record<symbol, unknown>)[Symbol.for(SUBJECT_KEY)] = order.anew
      ? withNewIndices(received)
      : received;
    send({ type: "answer", data: await carryOut(order.work, send) });
  } catch (error) {
    const cause = error instanceof BytesperError && error.code === "SUBJECT_THREW" ? error.cause : undefined;
    send({
      type: "error",
      code: error instanceof BytesperError ? error.code : undefined,
      message: error instanceof BytesperError ? error.message : sentence(error),
      ...(cause === undefined ? {} : { thrown: thrownOf(cause) }),
    });
  } finally {
    closeSync(descriptor);
  }
  throw new Measured("bytesper has measured; this run of the test was for that alone");
}

async function carryOut(work: Order["work"], send: (record: unknown) => void): Promise<unknown> {
  const ignore = (): void => undefined;
  switch (work.kind) {
    case "calibrate":
      return calibrate();
    case "pilot":
      return runPilot(work.subject, work.context, ignore);
    case "protocol":
      return runProtocol(work.protocol, send, ignore);
    case "growth":
      return runGrowth(work.growth, send, ignore);
    case "snapshot":
      return runSnapshotCell(work.snapshot, ignore);
    case "leak":
      return writeLeakSnapshots(work);
    case "rounds":
      return runRounds(work.order);
    case "program":
      throw new Error("a program is no subject of a matcher");
  }
}

/** Throws if the worker lacks the flags: a project's own configuration may have removed them. */
function requireFlags(flags: readonly string[]): void {
  const lacking = flags.filter((flag) => !process.execArgv.includes(flag));
  if (lacking.length === 0) return;
  throw new BytesperError(
    "INSTRUMENT_OFF",
    `The test process was started without ${lacking.join(" ")}, so what its compilers and collector do would be measured; let test.execArgv of the vitest configuration hold these flags.`,
  );
}

/** Wraps the factory with a counter of its own, because `Population` counts from 0 each time it is filled. */
function withNewIndices(received: unknown): unknown {
  let made = 0;
  if (typeof received === "function") {
    if (!/^class\b/.test(Function.prototype.toString.call(received)))
      return () => (received as (index: number) => unknown)(made++);
    const Class = received as new (index: number) => unknown;
    return () => new Class(made++);
  }
  const { create, release } = received as { create?: unknown; release?: unknown };
  if (typeof create !== "function") return received;
  return {
    ...(received as object),
    create: () => (create as (index: number) => unknown).call(received, made++),
    release:
      typeof release === "function"
        ? (instance: unknown): unknown => release.call(received, instance)
        : release,
  };
}

function requireSame(received: unknown, source: string): void {
  if (sourceOf(received) === source) return;
  throw new BytesperError(
    "BAD_SUBJECT",
    "The fresh run of this test came to the matcher with another factory than the test did; let the test hand over the same one whenever it runs.",
  );
}

function thrownOf(cause: unknown): Thrown {
  if (!(cause instanceof Error)) return { name: "Error", message: String(cause) };
  const { name, message, stack } = cause;
  return { name, message, ...(stack === undefined ? {} : { stack }) };
}
