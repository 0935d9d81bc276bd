import { Draft, findIn } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { View } from "../view.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

const HEADING = anywhere`<--- Last few GCs --->`;
const STACK = anywhere`<--- JS stacktrace --->`;
/** "[pid:isolate] ms: kind used (committed) -> used (committed) MB"; before V8 5.x without the bracket. */
const COLLECTION = anywhere`(?: \[ (?<_pid>\d+) : (?:0x)?[\da-fA-F]+ \] )? \d+ ms : (?:Minor)? (?: Scavenge | Mark-[Ss]weep | Mark-[Cc]ompact ) (?: \( [a-z]{1,24} \) ){0,3}
  [\d.]+ \( [\d.]+ \) -?>? (?<_used>[\d.]+) \( (?<_committed>[\d.]+) \) MB`;
const FATAL = anywhere`FATAL ERROR : (?<reason> [^<\n]{0,120}? ) Allocation failed -? (?: JavaScript heap | process ) out of memory`;
const FATAL_V8 = anywhere`Fatal (?:process|JavaScript) out of memory : (?<reason> [\w:]{1,60}? ) (?= \# | $ | \d+ : 0x )`;
/** V8 before 9.x, and programs that embed it. */
const FATAL_OLD = anywhere`Fatal javascript OOM in (?<reason> [\w: -]{1,60}? ) (?= \# | $ | \d+ : 0x )`;
const BUFFER = anywhere`RangeError : Array buffer allocation failed`;
const WORKER = anywhere`(?: (?: ERR_WORKER_OUT_OF_MEMORY \]? | Error ) : (?: [\w .-]{1,40} : )? )? Worker terminated due to reaching memory limit : JS heap out of memory | (?: ERR_WORKER_OUT_OF_MEMORY \]? | Error ) : Worker terminated due to reaching memory limit`;
/** Longest text between the collections and the words that end the process. */
const LONGEST_STACK = 12_000;

/** V8's heap limit: the last collections, a stack, and the final words. A log may lack any of these parts. */
export const node: Grammar = {
  name: "nodejs",
  needles: [
    { text: "last few gcs" },
    { text: "js stacktrace" },
    { text: "javascript heap", then: ["outofmemory"] },
    { text: "memory limit: js", then: ["heapout"] },
    { text: "out of memory", then: [":", "\n"], near: ["fatal", "failed", "limit"] },
    { text: "javascript oom in" },
    { text: "_out_of_memory", then: ["]", ":"], near: ["worker"] },
    { text: "worker terminated due", then: ["toreachi"] },
    { text: "allocation failed", then: ["-", "java"] },
    { text: "allocation failed", then: ["\n", "at", "'", '"'], near: ["rangeerror"] },
  ],
  read(place) {
    const { view, floor } = place;
    const heading = around(place, HEADING, 60, 60);
    if (heading !== undefined) return report(view, heading, true);
    const stack = around(place, STACK, 60, 60);
    const words =
      stack ??
      around(place, FATAL, 200, 200) ??
      around(place, FATAL_V8, 200, 200) ??
      around(place, FATAL_OLD, 60, 200);
    if (words === undefined) {
      const alone = around(place, WORKER) ?? around(place, BUFFER, 60, 60);
      if (alone === undefined) return undefined;
      const draft = new Draft(view, "nodejs", alone);
      if (/Worker/.test(alone[0])) draft.details.reason = "worker";
      else draft.details.onHost = true;
      return draft;
    }
    // Without a heading, takes the collections that end directly before the words.
    const first = runBefore(view, words.index, Math.max(floor, words.index - 4000));
    if (first !== undefined) return report(view, first, false);
    return stack === undefined ? report(view, words, false) : undefined;
  },
};

/** The first of the collections that end at `end`, with only V8's own remarks between their lines. */
function runBefore(view: View, end: number, floor: number): RegExpExecArray | undefined {
  let first: RegExpExecArray | undefined;
  let from = floor;
  let last = Number.NEGATIVE_INFINITY;
  for (;;) {
    const match = findIn(view, COLLECTION, from, end);
    if (match === undefined) break;
    if (first === undefined || match.index - last > 400) first = match;
    last = match.index + match[0].length;
    from = last;
  }
  return end - last > 500 ? undefined : first;
}

function report(view: View, start: RegExpExecArray, headed: boolean): Draft | undefined {
  const draft = new Draft(view, "nodejs", start);
  let last: RegExpExecArray | undefined;
  let collections = 0;
  let from = start.index + (headed ? start[0].length : 0);
  for (;;) {
    const match = findIn(view, COLLECTION, from, from + 700);
    if (match === undefined || /<---|FATALERROR/.test(view.text.slice(from, match.index))) break;
    last = match;
    collections += 1;
    from = match.index + match[0].length;
  }
  if (last !== undefined) {
    const { _pid: pid, _used: used = "", _committed: committed = "" } = last.groups ?? {};
    const { _used: usedAt, _committed: committedAt } = last.indices?.groups ?? {};
    if (pid !== undefined) draft.details.pid = Number(pid);
    if (usedAt !== undefined) draft.setPrinted("allocatedBytes", `${used}MB`, usedAt);
    if (committedAt !== undefined) draft.setPrinted("reservedBytes", `${committed}MB`, committedAt);
    draft.reservedKind = "v8_committed";
    draft.details.gcLines = collections;
    draft.clauses += collections;
    draft.take(last);
  }
  takeWords(draft);
  const hasWords = draft.details.reason !== undefined || /outofmemory|OOM/.test(start[0]);
  return last !== undefined || hasWords ? draft : undefined;
}

/** Reads the stack and the final words, unless another report begins before them. */
function takeWords(draft: Draft): void {
  const { view } = draft;
  const limit = draft.end + LONGEST_STACK;
  const another = findIn(view, HEADING, draft.end, limit)?.index ?? limit;
  const stack = findIn(view, STACK, draft.end, Math.min(another, draft.end + 700));
  if (stack !== undefined) draft.take(stack);
  const reach = Math.min(another, stack === undefined ? draft.end + 700 : limit);
  const words =
    findIn(view, FATAL, draft.end, reach) ??
    findIn(view, FATAL_V8, draft.end, reach) ??
    findIn(view, FATAL_OLD, draft.end, reach);
  // Collections in between belong to the next process, whose heading was lost.
  if (words !== undefined && findIn(view, COLLECTION, draft.end, words.index) === undefined)
    draft.take(words);
}
