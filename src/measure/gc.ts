import { GCProfiler } from "node:v8";
import { BytesperError } from "../base/errors.js";

/**
 * Present only in processes started with --expose-gc. The type allows any options, because several forms of
 * the call are tried.
 */
const exposedGc = (): ((options?: object) => unknown) | undefined =>
  (globalThis as { gc?: (options?: object) => unknown }).gc;

/** A call that was seen to run a full, synchronous mark-compact in this process. */
export interface FullGc {
  call: string;
  /** What the collector reported for the call, such as `["MarkSweepCompact"]`. */
  proof: string[];
  collect: () => void;
}

export interface ObservedGc {
  call: string;
  proof: string[];
}

const CANDIDATES: { call: string; collect: () => void }[] = [
  { call: "gc()", collect: () => void exposedGc()?.() },
  {
    call: 'gc({type:"major",execution:"sync"})',
    collect: () => void exposedGc()?.({ type: "major", execution: "sync" }),
  },
];

/**
 * Finds the first `gc` call that the collector itself reports as one full mark-compact. The form of a call
 * proves nothing: `gc({type:"major"})` runs a scavenge on Node 20. So each process that measures asks again.
 */
function findFullGc(): FullGc | { rejected: ObservedGc[] } {
  const rejected: ObservedGc[] = [];
  for (const candidate of CANDIDATES) {
    const proof = observe(candidate.collect);
    if (proof.includes("MarkSweepCompact")) return { ...candidate, proof };
    rejected.push({ call: candidate.call, proof });
  }
  return { rejected };
}

/** The kinds of collection that V8 reports while `action` runs. */
function observe(action: () => void): string[] {
  const profiler = new GCProfiler();
  profiler.start();
  action();
  return profiler.stop().statistics.map((entry) => entry.gcType);
}

/** The full collection of this process, and the calls that are none. Throws `INSTRUMENT_OFF` if there is none. */
export function fullGc(): { gc: FullGc; rejected: ObservedGc[] } {
  const found = findFullGc();
  if ("collect" in found) return { gc: found, rejected: [] };
  const tried = found.rejected
    .map(({ call, proof }) => `${call} ran ${proof.join(" + ") || "nothing"}`)
    .join("; ");
  throw new BytesperError(
    "INSTRUMENT_OFF",
    `No gc call of Node ${process.versions.node} ran a full mark-compact (${tried}), so retained bytes cannot be read here; start the process with --expose-gc or use another Node.`,
  );
}

/** V8 since Node 22 keeps pages of dead objects in a pool, of which no counter tells. */
const KEEPS_PAGES = Number(process.versions.v8.split(".")[0]) >= 12;

/**
 * Makes V8 give back the pages that it keeps for later. The heap shrinks too, so a reading of the heap before this call
 * cannot be compared with one after it. On Node 20 the call would run a scavenge, which moves its semi-spaces.
 */
export function giveBackPages(): void {
  if (KEEPS_PAGES) exposedGc()?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

/**
 * Makes V8 collect as it does when the system runs short of memory, which also drops what it keeps of texts that were
 * compiled (`eval`, `new Function`). An ordinary collection leaves some of that for ten more, and on Node 20 for
 * good. A heap snapshot begins in the same way.
 */
export async function cacheDropper({ collect }: FullGc): Promise<() => Promise<void>> {
  const inspector = await import("node:inspector/promises").catch(() => undefined);
  // A Node that was built without an inspector.
  if (inspector === undefined) {
    return () => {
      for (let turn = 0; turn < COLLECTIONS_OF_OLD_AGE; turn++) collect();
      return Promise.resolve();
    };
  }
  const session = new inspector.Session();
  session.connect();
  return () => session.post("HeapProfiler.collectGarbage");
}

/** V8 keeps the hash of a text that it compiled for ten collections. */
const COLLECTIONS_OF_OLD_AGE = 12;

/** What each candidate call runs in this process; a calibration records it. */
export function surveyGcCalls(): ObservedGc[] {
  return CANDIDATES.map(({ call, collect }) => ({ call, proof: observe(collect) }));
}
