import type { ProcessEntry } from "../../system/proc.js";
import { allPids, hasEnvironment, processEntry } from "../../system/proc.js";

/** Looks in a row that take a pid which was somebody else's for still theirs; pids come again after thousands. */
const LOOKS_BETWEEN_FULL = 50;

/**
 * The processes that a command has started, directly or not. A process stays in the tree when its parent has ended;
 * one that lost its parent between two looks is known by an entry of its environment, which no other command has.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #mark: string;
  readonly #since: number;
  /** By pid: when the process was started, since pids come again. */
  #members: Map<number, number>;
  /** Processes that are not of the tree, and never will be: only a process of the tree can add to it. */
  #strangers: ReadonlySet<number> = new Set();
  #looks = 0;

  constructor(root: number, mark: string) {
    const entry = processEntry(root);
    this.#root = root;
    this.#mark = mark;
    this.#since = entry?.startTicks ?? Infinity;
    this.#members = new Map(entry === undefined ? [] : [[root, entry.startTicks]]);
  }

  /** Looks the tree up anew and answers the processes that live. `full`: reads also what were strangers before. */
  refresh(full = this.#looks % LOOKS_BETWEEN_FULL === 0): ProcessEntry[] {
    this.#looks++;
    const pids = allPids();
    if (pids.length === 0) return this.#withoutProc();
    const asked = full ? pids : pids.filter((pid) => !this.#strangers.has(pid));
    const entries = asked.flatMap((pid) => processEntry(pid) ?? []);
    const members = this.#membersOf(entries);
    this.#members = new Map([...members.values()].map(({ pid, startTicks }) => [pid, startTicks]));
    this.#strangers = new Set(pids.filter((pid) => !members.has(pid)));
    return [...members.values()].filter(({ zombie }) => !zombie);
  }

  /** Sends a signal to every process of the tree, parents first; answers how many there were. */
  signal(name: NodeJS.Signals): number {
    const living = this.refresh(true);
    for (const { pid } of living) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended meanwhile, or is another user's.
      }
    }
    return living.length;
  }

  /** Where there is no /proc only the first process is known. */
  #withoutProc(): ProcessEntry[] {
    try {
      process.kill(this.#root, 0);
      return [{ pid: this.#root, parent: 0, startTicks: 0, zombie: false }];
    } catch {
      return [];
    }
  }

  #membersOf(entries: readonly ProcessEntry[]): Map<number, ProcessEntry> {
    const byParent = new Map<number, ProcessEntry[]>();
    for (const entry of entries) {
      const siblings = byParent.get(entry.parent);
      if (siblings === undefined) byParent.set(entry.parent, [entry]);
      else siblings.push(entry);
    }
    const members = new Map<number, ProcessEntry>();
    const add = (entry: ProcessEntry): void => {
      if (members.has(entry.pid)) return;
      members.set(entry.pid, entry);
      for (const child of byParent.get(entry.pid) ?? []) add(child);
    };
    for (const entry of entries) if (this.#members.get(entry.pid) === entry.startTicks) add(entry);
    for (const entry of entries) {
      // What was there before the command cannot be of it.
      const mayBe = !members.has(entry.pid) && entry.startTicks >= this.#since;
      if (mayBe && hasEnvironment(entry.pid, this.#mark)) add(entry);
    }
    return members;
  }
}
