import { open, readFile } from "node:fs/promises";
import { BytesperError } from "../../base/errors.js";
import { bytesWithBinaryUnit as size } from "../../base/format.js";
import { sentence } from "../../base/sentence.js";
import { visibleLines } from "../../base/table/visible.js";
import { wrapped } from "../../base/wrap.js";
import type { Pickled } from "./pickle.js";
import { isPickle, readPickle } from "./pickle.js";

export interface Share {
  name: string;
  bytes: number;
  count: number;
}

/** What PyTorch's allocator holds, by a snapshot of torch.cuda.memory._dump_snapshot. */
export interface SnapshotSummary {
  /** The GPU that it is about: the one that refused a request, else the one with the longest trace. */
  device: number;
  segments: number;
  reservedBytes: number;
  allocatedBytes: number;
  /** Reserved and in no block that is in use. */
  idleBytes: number;
  /** The largest piece of it, which bounds one request that needs no new segment. */
  largestIdleBytes: number;
  /** The request that failed last, from the trace; null if the trace has none. */
  failedBytes: number | null;
  byFrame: Share[];
  bySize: Share[];
  lastAllocations: { bytes: number; frame: string }[];
  /** Frames whose live bytes grew between the middle of the trace and its end. */
  grew: Share[];
  message: string;
}

const MOST = 10;
/** Files of the allocator and of PyTorch's own calls, which no user can change. */
const INNER = /(?:^|\/)(?:torch|site-packages|dist-packages|c10|aten)\/|\.(?:cpp|cc|cu|h)$|^\?\?$/;

/** Layouts: PyTorch's torch/cuda/_memory_viz.py and torch/cuda/memory.py, blocks with `frames` or, before 2.1, `history`. */
export async function readSnapshot(path: string): Promise<SnapshotSummary> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new BytesperError(
      "BAD_INPUT",
      `The memory snapshot "${path}" cannot be read: ${sentence(error)}; give the file that torch.cuda.memory._dump_snapshot wrote.`,
      { cause: error },
    );
  }
  return summarize(readPickle(bytes));
}

/** Whether a file begins as a snapshot does; a path that cannot be read is left to its reader. */
export async function isSnapshotFile(path: string): Promise<boolean> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && isPickle(buffer);
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

export function summarize(root: Pickled): SnapshotSummary {
  const all = Array.isArray(root) ? root : listIn(root, "segments");
  if (all === undefined)
    throw new BytesperError(
      "BAD_INPUT",
      "Expected a memory snapshot of PyTorch with its segments, and the pickle has none; take it with torch.cuda.memory._dump_snapshot.",
    );
  const traces = listIn(root, "device_traces") ?? [];
  const device = deviceOf(traces, all);
  const segments = all.filter((segment) => (fieldIn(segment, "device") ?? 0) === device);
  const frames = new Tally();
  const sizes = new Tally();
  let [reserved, allocated, idle, largest] = [0, 0, 0, 0];
  for (const segment of segments) {
    reserved += bytesIn(segment, "total_size");
    for (const block of listIn(segment, "blocks") ?? []) {
      const bytes = bytesIn(block, "size");
      const state = fieldIn(block, "state");
      if (typeof state === "string" && state.startsWith("active")) {
        allocated += bytes;
        frames.add(frameOf(block), bytes);
        sizes.add(sizeClass(bytes), bytes);
      } else {
        idle += bytes;
        largest = Math.max(largest, bytes);
      }
    }
  }
  const trace = traceIn(traces, device);
  const failed = trace.findLast(isRefusal);
  const failedBytes = failed === undefined ? null : bytesIn(failed, "size");
  const summary = {
    device,
    segments: segments.length,
    reservedBytes: reserved,
    allocatedBytes: allocated,
    idleBytes: idle,
    largestIdleBytes: largest,
    failedBytes,
    byFrame: frames.top(MOST),
    bySize: sizes.top(MOST),
    lastAllocations: trace
      .filter((entry) => fieldIn(entry, "action") === "alloc")
      .slice(-MOST)
      .map((entry) => ({ bytes: bytesIn(entry, "size"), frame: frameOf(entry) })),
    grew: growthIn(trace),
  };
  return { ...summary, message: verdict(summary) };
}

function verdict({
  allocatedBytes,
  idleBytes,
  largestIdleBytes,
  failedBytes,
  byFrame,
}: Omit<SnapshotSummary, "message">): string {
  const [first] = byFrame;
  const who =
    first === undefined
      ? ""
      : ` ${first.name} holds most: ${size(first.bytes)} in ${first.count.toLocaleString("en-US")} blocks.`;
  const held = `${size(allocatedBytes)} are in use and ${size(idleBytes)} are reserved and idle, the largest piece ${size(largestIdleBytes)}.`;
  if (failedBytes === null) return `${held}${who}`;
  const asked = `The ${size(failedBytes)} that failed`;
  if (largestIdleBytes >= failedBytes)
    return `${held} ${asked} would have fitted into that piece, which must belong to another stream or pool than the request.${who}`;
  return idleBytes >= failedBytes
    ? `${held} ${asked} would have fitted into the idle memory in one piece: this is fragmentation.${who}`
    : `${held} ${asked} would not have fitted into the idle memory even in one piece: this is no fragmentation.${who}`;
}

function deviceOf(traces: readonly Pickled[], segments: readonly Pickled[]): number {
  const refused = traces.findIndex((trace) => Array.isArray(trace) && trace.some(isRefusal));
  if (refused !== -1) return refused;
  const most = traces.reduce<number>(
    (best, _, index) => (traceIn(traces, index).length > traceIn(traces, best).length ? index : best),
    0,
  );
  if (traceIn(traces, most).length > 0) return most;
  const first = segments
    .map((segment) => fieldIn(segment, "device"))
    .find((device) => typeof device === "number");
  return first ?? 0;
}

function isRefusal(entry: Pickled): boolean {
  return fieldIn(entry, "action") === "oom";
}

function traceIn(traces: readonly Pickled[], device: number): Pickled[] {
  const trace = traces[device];
  return Array.isArray(trace) ? trace : [];
}

/** Live bytes by frame at the end of the trace, less those at its middle. */
function growthIn(trace: readonly Pickled[]): Share[] {
  const live = new Map<Pickled, { frame: string; bytes: number }>();
  const now = new Map<string, { bytes: number; count: number }>();
  const change = (frame: string, bytes: number, count: number): void => {
    const share = now.get(frame) ?? { bytes: 0, count: 0 };
    now.set(frame, { bytes: share.bytes + bytes, count: share.count + count });
  };
  const half = Math.floor(trace.length / 2);
  for (const [index, entry] of trace.entries()) {
    if (index === half) now.clear();
    const action = fieldIn(entry, "action");
    const address = fieldIn(entry, "addr") ?? null;
    if (action === "alloc") {
      const allocation = { frame: frameOf(entry), bytes: bytesIn(entry, "size") };
      live.set(address, allocation);
      change(allocation.frame, allocation.bytes, 1);
    } else if (action === "free" || action === "free_completed") {
      const allocation = live.get(address);
      if (allocation === undefined || !live.delete(address)) continue;
      change(allocation.frame, -allocation.bytes, -1);
    }
  }
  return [...now]
    .filter(([, { bytes }]) => bytes > 0)
    .map(([name, share]) => ({ name, ...share }))
    .sort((one, other) => other.bytes - one.bytes)
    .slice(0, MOST);
}

class Tally {
  readonly #shares = new Map<string, Share>();

  add(name: string, bytes: number): void {
    const share = this.#shares.get(name);
    if (share === undefined) this.#shares.set(name, { name, bytes, count: 1 });
    else {
      share.bytes += bytes;
      share.count += 1;
    }
  }

  top(count: number): Share[] {
    return [...this.#shares.values()].sort((one, other) => other.bytes - one.bytes).slice(0, count);
  }
}

/** The innermost frame of the user's own files, or the innermost of all. */
function frameOf(holder: Pickled): string {
  const [history] = listIn(holder, "history") ?? [];
  const frames =
    listIn(holder, "frames") ?? (history === undefined ? undefined : listIn(history, "frames")) ?? [];
  const own = frames.find((frame) => !INNER.test(textIn(frame, "filename")));
  const frame = own ?? frames[0];
  if (frame === undefined) return "no stack recorded";
  const line = fieldIn(frame, "line");
  return `${textIn(frame, "filename")}:${typeof line === "number" ? line : "?"} ${textIn(frame, "name")}`;
}

function sizeClass(bytes: number): string {
  const power = Math.max(9, Math.ceil(Math.log2(Math.max(1, bytes))));
  return `up to ${size(2 ** power)}`;
}

function fieldIn(holder: Pickled, name: string): Pickled | undefined {
  return holder instanceof Map ? holder.get(name) : undefined;
}

function listIn(holder: Pickled, name: string): Pickled[] | undefined {
  const value = fieldIn(holder, name);
  return Array.isArray(value) ? value : undefined;
}

/** Throws `BAD_INPUT` where there is no such number: a size that is not told is not 0. */
function bytesIn(holder: Pickled, name: string): number {
  const value = fieldIn(holder, name);
  if (typeof value === "number" && value >= 0) return value;
  throw new BytesperError(
    "BAD_INPUT",
    `Expected a memory snapshot of PyTorch, whose segments, blocks and requests have a ${name}, and one has none; take it with torch.cuda.memory._dump_snapshot.`,
  );
}

function textIn(holder: Pickled, name: string): string {
  const value = fieldIn(holder, name);
  return typeof value === "string" ? value : "";
}

/** The summary as plain text. */
export function snapshotPage(summary: SnapshotSummary, width = 80): string {
  const shares = (title: string, all: readonly Share[]): string[] =>
    all.length === 0
      ? []
      : [
          [
            title,
            ...all.map(({ name, bytes, count }) =>
              wrapped(`${size(bytes)} in ${count.toLocaleString("en-US")}: ${name}`, width, "    ", "  "),
            ),
          ].join("\n"),
        ];
  const last = summary.lastAllocations;
  const text = [
    wrapped(summary.message, width),
    ...shares("By stack frame:", summary.byFrame),
    ...shares("By size:", summary.bySize),
    ...shares("Grew since the middle of the trace:", summary.grew),
    ...(last.length === 0
      ? []
      : [
          [
            "The last allocations:",
            ...last.map(({ bytes, frame }) => wrapped(`${size(bytes)}: ${frame}`, width, "    ", "  ")),
          ].join("\n"),
        ]),
  ].join("\n\n");
  return visibleLines(text);
}
