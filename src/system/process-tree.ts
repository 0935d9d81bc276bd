import type { ProcessEntry } from "./process.js";
import { allPids, hasEnvironment, isOfTree, pidIsTaken, processEntry } from "./process.js";

/**
 * Most refreshes skip the pids of known strangers; after this many, one refresh reads all pids. A pid is reused only
 * after thousands of new processes.
 */
const LOOKS_BETWEEN_FULL = 50;

/**
 * The processes that a command has started, directly or indirectly. A process stays in the tree after its parent has
 * ended. If the parent ended between two refreshes, the process is found by an environment variable that only this
 * command has.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #mark: string;
  readonly #base: string;
  readonly #since: number;
  /** Start time by pid. Pids are reused, but not with the same start time. */
  #members: Map<number, number>;
  /** Processes outside the tree. They never become members: only a member can start a member. */
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

  /** Returns the living processes of the tree. With `full`, pids of strangers are read too. */
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

  /** Sends a signal to every process of the tree, parents first. Returns the number of processes. */
  signal(name: NodeJS.Signals): number {
    const living = this.refresh(true);
    for (const { pid } of living) {
      try {
        process.kill(pid, name);
      } catch {
        // The process has ended, or belongs to another user.
      }
    }
    return living.length;
  }

  /** Without /proc, only the first process is known. */
  #withoutProc(): ProcessEntry[] {
    if (!pidIsTaken(this.#root)) return [];
    const unknown = { parent: 0, processGroup: 0, foregroundGroup: -1, startTicks: 0 };
    return [{ ...unknown, pid: this.#root, zombie: false }];
  }

  /** Sorted by start time, so parents come before their children. */
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
      // A process that is older than the command cannot belong to it.
      const mayBe = entry.startTicks >= this.#since && !isMember(entry);
      if (mayBe && hasEnvironment(entry.pid, this.#mark, this.#base)) heads.add(entry.pid);
    }
    return entries.filter(isMember).sort((a, b) => a.startTicks - b.startTicks);
  }
}
