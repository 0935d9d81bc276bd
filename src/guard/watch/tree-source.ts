import type { Reading } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";
import { readHostMemory } from "../../system/host.js";
import { PortableRss } from "../../system/portable-rss.js";
import type { ReadingName } from "../reading-names.js";
import type { ReadingSource } from "../sources/source.js";
import { allPids, hasLostMemory, processEntry, pssOf, rssOf } from "../../system/process.js";
import type { GuardDoubt } from "../types.js";
import type { ProcessTree } from "../../system/process-tree.js";

const NAMES = [
  "pssBytes",
  "rssBytes",
  "heapUsedBytes",
  "heapLimitBytes",
  "externalBytes",
  "nativeBytes",
] as const;
const WITHIN: Reading = absent(
  "it is known within the command alone, which can report a number of its own instead",
);
const UNREADABLE: Reading = absent("no process of the command can be read in /proc");

const HAS_PROC = allPids().length > 0;
const FIRST_ONLY: GuardDoubt = {
  name: "first-process-only",
  message:
    "This system has no /proc, so that rssBytes is of the command's first process and leaves out those that it starts.",
};

/** Sums over the processes of a command's tree. `tree` returns undefined until the command has started. */
export function treeSource(tree: () => ProcessTree | undefined): ReadingSource {
  let portable: PortableRss | undefined;
  const first = (living: readonly number[] | undefined): Reading => {
    if (living === undefined) return absent("the command has not started");
    const [pid] = living;
    return pid === undefined ? UNREADABLE : (portable ??= new PortableRss(pid)).read();
  };
  return {
    doubtOf: (name) => (name === "rssBytes" && !HAS_PROC ? FIRST_ONLY : undefined),
    names: NAMES satisfies readonly ReadingName[],
    awaits: (name) => tree() === undefined && (name === "pssBytes" || name === "rssBytes"),
    capacityOf: (name) => {
      if (name === "pssBytes") return readHostMemory().totalBytes;
      if (name !== "rssBytes") return WITHIN;
      return absent("a sum of RSS counts shared pages once for each process, so that it has no bound");
    },
    sample: (wanted, put) => {
      const living = tree()
        ?.refresh()
        .map(({ pid }) => pid);
      const sum = (of: (pid: number) => number | undefined, what: string): Reading => {
        if (living === undefined) return absent("the command has not started");
        return sumOf(living, of, what);
      };
      if (wanted.has("rssBytes")) put("rssBytes", HAS_PROC ? sum(rssOf, "RSS") : first(living));
      if (wanted.has("pssBytes")) put("pssBytes", sum(pssOf, "PSS"));
      for (const name of NAMES.slice(2)) if (wanted.has(name)) put(name, WITHIN);
    },
  };
}

function sumOf(pids: readonly number[], of: (pid: number) => number | undefined, what: string): Reading {
  let sum = 0;
  let known = 0;
  for (const pid of pids) {
    const bytes = of(pid);
    if (bytes !== undefined) {
      sum += bytes;
      known++;
    } else if (processEntry(pid)?.zombie === false && !hasLostMemory(pid))
      return absent(`the kernel does not tell ${what} of process ${pid}`);
  }
  return known > 0 ? sum : UNREADABLE;
}
