import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { temporaryFolder } from "../../system/temporary.js";
import { BytesperError } from "../../base/errors.js";
import type { Reading } from "../../system/probe/reading.js";
import type { SnapshotAnswer } from "../snapshot/answer.js";
import { inspectSnapshots } from "../snapshot/index.js";
import { shortBytes } from "../snapshot/short.js";
import { takeSnapshot } from "./heap-snapshot.js";
import { InspectorSession } from "./session.js";
import type { Target } from "./target.js";
import { findTarget, isClosed } from "./target.js";
import { largestOf } from "../../base/stats/extremes.js";

export interface AttachOptions {
  remote: boolean;
  /** Instances of this class, by the inspector, and their bytes, by a snapshot. */
  count?: string;
  /** Bytes by class and who holds them, by a snapshot. */
  classes: boolean;
  /** Two snapshots so long apart: what grew. */
  growthMs?: number;
  /** Where to keep the (last) snapshot. */
  snapshotFile?: string;
  everyMs?: number;
  signal: AbortSignal;
  say: (message: string) => void;
  onReading: (reading: ProcessReading) => void;
}

/** One look at the memory of the process. */
export interface ProcessReading {
  at: string;
  heapUsedBytes: number;
  heapTotalBytes: number;
  externalBytes: number;
  rssBytes: number;
  pssBytes: Reading;
}

/** What `bytesper attach` answers; `--json` prints it as it is. */
export interface AttachAnswer {
  pid: number;
  node: string;
  readings: ProcessReading[];
  count?: {
    class: string;
    alive: number;
    inSnapshot: number;
    shallowBytes: number;
    retainedBytes: number;
    perInstanceBytes: number;
  };
  snapshot?: SnapshotAnswer;
  /** The longest time for which the process was stopped by one request. */
  longestPauseMs: number;
  /** What was done to the process. */
  done: string[];
}

/** Visits a running process and leaves it as it was. */
export async function attach(text: string, options: AttachOptions): Promise<AttachAnswer> {
  const target = await findTarget(text, options);
  const session = await InspectorSession.open(target.url);
  const done: string[] = target.opened ? ["SIGUSR1 was sent, which opened the inspector"] : [];
  try {
    const { pid, node } = (await session.evaluate("({ pid: process.pid, node: process.versions.node })")) as {
      pid: number;
      node: string;
    };
    const answer: AttachAnswer = { pid, node, readings: [], longestPauseMs: 0, done };
    await look(session, answer, options);
    await snapshots(session, answer, options);
    const { everyMs, signal } = options;
    const isOver = (): boolean => everyMs === undefined || signal.aborted;
    while (!isOver()) {
      await wait(everyMs, undefined, { signal }).catch(() => undefined);
      if (!isOver()) await look(session, answer, options);
    }
    answer.longestPauseMs = Math.max(0, largestOf(session.pausesMs));
    return answer;
  } finally {
    await leave(session, target, done, options);
  }
}

/** Read in the process itself, so that it holds in a container and over a forwarded port too. */
const READ = `(() => {
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
  let pss = null;
  try { pss = 1024 * Number(/^Pss:\\s+(\\d+)/m.exec(require("fs").readFileSync("/proc/self/smaps_rollup", "utf8"))[1]); } catch {}
  return { heapUsed, heapTotal, external, rss, pss };
})()`;

async function look(
  session: InspectorSession,
  answer: AttachAnswer,
  { onReading }: AttachOptions,
): Promise<void> {
  const raw = (await session.evaluate(READ)) as Record<
    "heapUsed" | "heapTotal" | "external" | "rss",
    number
  > & {
    pss: number | null;
  };
  const reading: ProcessReading = {
    at: new Date().toISOString(),
    heapUsedBytes: raw.heapUsed,
    heapTotalBytes: raw.heapTotal,
    externalBytes: raw.external,
    rssBytes: raw.rss,
    pssBytes: raw.pss ?? { absent: "the kernel there tells no PSS" },
  };
  answer.readings.push(reading);
  onReading(reading);
}

async function snapshots(
  session: InspectorSession,
  answer: AttachAnswer,
  options: AttachOptions,
): Promise<void> {
  const { count, classes, growthMs, snapshotFile, say, signal } = options;
  if (count === undefined && !classes && growthMs === undefined && snapshotFile === undefined) return;
  await requireRoom(session);
  const folder = temporaryFolder("attach");
  try {
    const files: string[] = [];
    if (growthMs !== undefined) {
      files.push(join(folder, "1.heapsnapshot"));
      say("The process stops while it writes a heap snapshot.");
      await takeSnapshot(session, files[0] as string);
      await wait(growthMs, undefined, { signal }).catch(() => undefined);
    }
    const last = snapshotFile ?? join(folder, "2.heapsnapshot");
    files.push(last);
    say("The process stops while it writes a heap snapshot.");
    const alive = count === undefined ? undefined : await countAlive(session, count);
    await takeSnapshot(session, last);
    answer.done.push(`${files.length === 1 ? "a heap snapshot was" : "two heap snapshots were"} taken`);
    if (count !== undefined && alive !== undefined) {
      answer.done.push("the inspector was asked for the instances of the class, which collects garbage");
      answer.count = counted(last, count, alive);
    }
    if (classes || growthMs !== undefined) answer.snapshot = inspectSnapshots(files).answer;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function counted(file: string, name: string, alive: number): NonNullable<AttachAnswer["count"]> {
  const { oneClass } = inspectSnapshots([file], { className: name }).answer;
  if (oneClass === undefined) throw new Error("a snapshot with a class answers it");
  const { count, shallowBytes, retainedBytes } = oneClass;
  return {
    class: name,
    alive,
    inSnapshot: count,
    shallowBytes,
    retainedBytes,
    perInstanceBytes: retainedBytes / count,
  };
}

/** A snapshot takes about as much memory again as the objects that it describes. */
async function requireRoom(session: InspectorSession): Promise<void> {
  const { used, free, limit } = (await session.evaluate(`(() => {
    const constrained = process.constrainedMemory?.() || 0;
    const { rss, heapUsed } = process.memoryUsage();
    const free = require("os").freemem();
    const within = constrained > 0 && constrained < 2 ** 50 ? constrained - rss : free;
    return { used: heapUsed, free: Math.min(free, within), limit: constrained };
  })()`)) as { used: number; free: number; limit: number };
  if (free >= used) return;
  throw new BytesperError(
    "NO_SPACE",
    `A heap snapshot needs about ${shortBytes(used)} more memory in the process, which has ${shortBytes(Math.max(0, free))} left${limit > 0 ? ` of its limit of ${shortBytes(limit)}` : ""}; nothing was done. Give it more, or look without --count, --classes, --growth and --snapshot.`,
  );
}

/**
 * Counts the instances of a class by the inspector. The class is looked for among all functions, because a class of
 * a module is no global.
 */
async function countAlive(session: InspectorSession, name: string): Promise<number | undefined> {
  const group = "bytesper";
  const evaluated = (await session.call("Runtime.evaluate", {
    expression: "Function.prototype",
    objectGroup: group,
  })) as { result: { objectId: string } };
  try {
    const functions = (await session.stopping("Runtime.queryObjects", {
      prototypeObjectId: evaluated.result.objectId,
      objectGroup: group,
    })) as { objects: { objectId: string } };
    const found = (await session.call("Runtime.callFunctionOn", {
      objectId: functions.objects.objectId,
      functionDeclaration: FIND_CLASS,
      arguments: [{ value: name }],
      objectGroup: group,
    })) as { result: { objectId?: string; subtype?: string } };
    if (found.result.objectId === undefined) return undefined;
    const instances = (await session.stopping("Runtime.queryObjects", {
      prototypeObjectId: found.result.objectId,
      objectGroup: group,
    })) as { objects: { objectId: string } };
    const length = (await session.call("Runtime.callFunctionOn", {
      objectId: instances.objects.objectId,
      functionDeclaration: "function () { return this.length; }",
      returnByValue: true,
    })) as { result: { value: number } };
    return length.result.value;
  } finally {
    await session.call("Runtime.releaseObjectGroup", { objectGroup: group });
  }
}

/** Runs in the process; reads no accessor of the user's. */
const FIND_CLASS = `function (wanted) {
  for (const each of this) {
    const name = Object.getOwnPropertyDescriptor(each, "name");
    const prototype = Object.getOwnPropertyDescriptor(each, "prototype");
    if (name !== undefined && name.value === wanted && prototype !== undefined && typeof prototype.value === "object")
      return prototype.value;
  }
}`;

/** Closes what this visit opened. */
async function leave(
  session: InspectorSession,
  target: Target,
  done: string[],
  { say }: AttachOptions,
): Promise<void> {
  if (!target.opened) {
    await session.close();
    return;
  }
  // Closing it waits for its sessions to end, so it must begin after the answer to this one. Nothing may be thrown
  // there: it would end the process.
  await session.evaluate(CLOSE).catch(() => undefined);
  await session.close();
  if (await isClosed(target)) done.push("the inspector was closed again");
  else say(`The inspector on ${target.host}:${target.port} could not be closed; it stays open on loopback.`);
}

const CLOSE = `((inspector) => {
  setTimeout(() => { try { inspector.close(); } catch {} }, 50);
})(require("inspector"))`;
