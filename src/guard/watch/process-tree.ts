import type { ProcessEntry } from "../../system/process.js";
import { allPids, hasEnvironment, isOfTree, pidIsTaken, processEntry } from "../../system/process.js";

/** Looks in a row that take a pid which was somebody else's for still theirs; pids come again after thousands. */
const LOOKS_BETWEEN_FULL = 50;

/**
 * The processes that a command has started, directly or not. A process stays in the tree when its parent has ended;
 * one that lost its parent between two looks is known by an entry of its environment, which no other command has.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #mark: string;
  /** The folder that contains /proc. */
  readonly #base: string;
  readonly #since: number;
  /** By pid: when the process was started, since pids come again. */
  #members: Map<number, number>;
  /** Processes that are not of the tree, and never will be: only a process of the tree can add to it. */
  #strangers: ReadonlySet<number> = new Set();
  #looks = 0;

  constructor(root: number, mark: string, base = "/") {
    const entry = processEntry(root, base);
    this.#root = root;
    this.#mark = mark;
    this.#base = base;
    this.#since = entry?.startTicks ?? Infinity;
    this.#members = new Map(entry === undefined ? [] : [[root, entry.startTicks]]);
  }

  /** Looks the tree up anew and answers the processes that live. `full`: reads also what were strangers before. */
  refresh(full = this.#looks % LOOKS_BETWEEN_FULL === 0): ProcessEntry[] {
    this.#looks++;
    const pids = allPids(this.#base);
    if (pids.length === 0) return this.#withoutProc();
    const asked = full ? pids : pids.filter((pid) => !this.#strangers.has(pid));
    const entries = asked.flatMap((pid) => processEntry(pid, this.#base) ?? []);
    const members = this.#membersOf(entries);
    this.#members = new Map(members.map(({ pid, startTicks }) => [pid, startTicks]));
    this.#strangers = new Set(pids.filter((pid) => !this.#members.has(pid)));
    return members.filter(({ zombie }) => !zombie);
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
    if (!pidIsTaken(this.#root)) return [];
    const unknown = { parent: 0, processGroup: 0, foregroundGroup: -1, startTicks: 0 };
    return [{ ...unknown, pid: this.#root, zombie: false }];
  }

  /** Sorted by start time, so that parents come before their children. */
  #membersOf(entries: readonly ProcessEntry[]): ProcessEntry[] {
    const byPid = new Map(entries.map((entry) => [entry.pid, entry]));
    const known = entries.filter(({ pid, startTicks }) => this.#members.get(pid) === startTicks);
    const heads = new Set(known.map(({ pid }) => pid));
    const isMember = (entry: ProcessEntry): boolean =>
      isOfTree(
        entry.pid,
        (pid) => heads.has(pid),
        (pid) => byPid.get(pid),
      );
    for (const entry of entries) {
      // What was there before the command cannot be of it.
      const mayBe = entry.startTicks >= this.#since && !isMember(entry);
      if (mayBe && hasEnvironment(entry.pid, this.#mark, this.#base)) heads.add(entry.pid);
    }
    return entries.filter(isMember).sort((a, b) => a.startTicks - b.startTicks);
  }
}
