import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../system/temporary.js";
import { BytesperError } from "../../base/errors.js";
import { seededRandom } from "../../base/stats/random.js";
import { statusOf } from "../engine/status.js";
import { journalOf } from "../journal/journal.js";
import type { Difference, Facts } from "./compare.js";
import { comparedIn, differences, factsOf, MEASURED, varying } from "./compare.js";
import { resultsIn } from "./results.js";
import type { RunnerEnd } from "./runner.js";
import { runnerOf } from "./runner.js";
import { tearTail } from "./tear.js";

export interface ChaosOptions {
  /** Words of the command line that runs the grid, without the option for the results folder. */
  words: readonly string[];
  /** Number of kills of each kind. */
  kills: number;
  /** Seed for the times of the kills and the places at which files are cut. */
  seed: number;
  signal: AbortSignal;
  progress: (message: string) => void;
}

export type Fault = "killed" | "torn" | "full-disk";

export interface FaultReport {
  fault: Fault;
  times: number;
  differences: Difference[];
  /** Runs that did not finish, each described in one sentence. */
  failures: string[];
}

export interface ChaosReport {
  faults: FaultReport[];
  /**
   * Names of values that were not compared: those that the clock and the kernel give, and those that differ
   * without a fault.
   */
  leftOut: string[];
  compared: number;
  undisturbedRuns: number;
  agree: boolean;
  /** Folder with all runs. It is kept only if the tables differ. */
  folder: string | undefined;
}

/**
 * Two undisturbed runs may have an equal reading by chance. So up to this many runs are made before a
 * difference counts as one that a fault caused.
 */
const MOST_UNDISTURBED = 4;
/**
 * The attempt stops after this many grids in a row that finished before they could be killed: the grid is too
 * short.
 */
const MOST_IN_VAIN = 5;
/** Shortest range for the time of a kill. A resumed runner needs about this long before it starts cells. */
const SHORTEST_SPAN_MS = 500;

const WRITE_FAILED = 3;

interface Leg {
  fault: Fault;
  facts: Facts;
  failure: string | undefined;
}

/**
 * Runs a grid without faults in a temporary folder, then again with faults, and compares the tables. Throws
 * `CELL_FAILED` if the grid does not finish without faults, and `INTERRUPTED`.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const folder = temporaryFolder("chaos");
  let keep = false;
  try {
    const report = await new Chaos(folder, options).run();
    keep = !report.agree;
    return { ...report, folder: keep ? folder : undefined };
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

class Chaos {
  readonly #folder: string;
  readonly #options: ChaosOptions;
  readonly #random: () => number;
  readonly #undisturbed: Facts[] = [];
  readonly #legs: Leg[] = [];
  readonly #times = new Map<Fault, number>();
  /** Duration of the grid without faults, and the size of its journal. */
  #wholeMs = 0;
  #journalBytes = 0;

  constructor(folder: string, options: ChaosOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#random = seededRandom(options.seed);
  }

  async run(): Promise<Omit<ChaosReport, "folder">> {
    await this.#runUndisturbed();
    await this.#runUndisturbed();
    await this.#kill("killed");
    await this.#kill("torn");
    await this.#fillDisk();
    // A value may vary without a fault, and the first two runs may have agreed by chance. More undisturbed
    // runs show that.
    while (this.#differences().length > 0 && this.#undisturbed.length < MOST_UNDISTURBED)
      await this.#runUndisturbed();
    return this.#report();
  }

  async #runUndisturbed(): Promise<void> {
    const number = this.#undisturbed.length + 1;
    this.#options.progress(`undisturbed run ${number}`);
    const out = this.#newFolder(`undisturbed-${number}`);
    const { code, ms, said } = await this.#runner([...this.#options.words, "--out", out]);
    const results = resultsIn(out);
    if (results.length === 0)
      throw new BytesperError(
        "CELL_FAILED",
        `The grid has no table to compare: without any fault its run ended with code ${code ?? "unknown"}${said === "" ? "" : ` (${said})`}.`,
      );
    if (number === 1) {
      this.#wholeMs = ms;
      this.#journalBytes = statSync(journalOf(out).path).size;
    }
    this.#undisturbed.push(factsOf(results));
  }

  /**
   * Runs grids one after the other until enough kills are done. A killed grid is resumed, and may be killed
   * again, until it finishes.
   */
  async #kill(fault: "killed" | "torn"): Promise<void> {
    const { kills, progress } = this.#options;
    let inVain = 0;
    for (let leg = 1; this.#timesOf(fault) < kills && inVain < MOST_IN_VAIN; leg++) {
      const out = this.#newFolder(`${fault}-${leg}`);
      const before = this.#timesOf(fault);
      let end: RunnerEnd;
      do {
        const left = kills - this.#timesOf(fault);
        const killAfterMs = left > 0 ? this.#random() * this.#spanMs(out) : undefined;
        end = await this.#runner(this.#wordsFor(out), { killAfterMs });
        if (end.killed && (fault === "killed" || this.#tear(out))) {
          this.#times.set(fault, this.#timesOf(fault) + 1);
          progress(`${fault} ${this.#timesOf(fault)} of ${kills}`);
        }
      } while (end.killed);
      // The machine may be faster now than in the first run. Then the chosen times came after the end of the
      // grid, so the range gets shorter.
      if (this.#timesOf(fault) === before) this.#wholeMs = Math.min(this.#wholeMs, end.ms);
      inVain = this.#timesOf(fault) > before ? 0 : inVain + 1;
      this.#addLeg(fault, out, end);
    }
  }

  /** Cuts the end of the journal, if the runner has written one. */
  #tear(out: string): boolean {
    if (!hasJournal(out)) return false;
    tearTail(journalOf(out).path, this.#random());
    return true;
  }

  /**
   * Imitates a full disk with a limit on file size, so that the journal cannot grow. Then it resumes the run.
   */
  async #fillDisk(): Promise<void> {
    this.#options.progress("full disk");
    const out = this.#newFolder("full-disk");
    const fileLimitBytes = (0.3 + 0.6 * this.#random()) * this.#journalBytes;
    const limited = await this.#runner(this.#wordsFor(out), { fileLimitBytes });
    this.#times.set("full-disk", limited.code === WRITE_FAILED ? 1 : 0);
    let end = await this.#runner(this.#wordsFor(out));
    // A cell whose own file reached the limit has failed, as on a full disk. Such cells are retried.
    if (this.#differsIn(out)) end = await this.#runner(["retry", out]);
    this.#addLeg("full-disk", out, end);
  }

  #addLeg(fault: Fault, out: string, { code, said }: RunnerEnd): void {
    const ended = code === 0 || code === 1;
    const failure = ended ? undefined : `the run ended with code ${code ?? "unknown"}: ${said}`;
    this.#legs.push({ fault, facts: factsOf(resultsIn(out)), failure });
  }

  #differsIn(out: string): boolean {
    const [expected] = this.#undisturbed;
    return (
      expected !== undefined && differences(expected, factsOf(resultsIn(out)), this.#leftOut()).length > 0
    );
  }

  #leftOut(): Set<string> {
    return new Set([...MEASURED, ...varying(this.#undisturbed)]);
  }

  #differences(fault?: Fault): Difference[] {
    const [expected] = this.#undisturbed;
    if (expected === undefined) return [];
    const leftOut = this.#leftOut();
    return this.#legs
      .filter((leg) => fault === undefined || leg.fault === fault)
      .flatMap(({ facts }) => differences(expected, facts, leftOut));
  }

  #report(): Omit<ChaosReport, "folder"> {
    const faults = (["killed", "torn", "full-disk"] as const).map((fault): FaultReport => ({
      fault,
      times: this.#timesOf(fault),
      differences: this.#differences(fault),
      failures: this.#legs.flatMap((leg) =>
        leg.fault === fault && leg.failure !== undefined ? [leg.failure] : [],
      ),
    }));
    const [expected = new Map<string, never>()] = this.#undisturbed;
    const leftOut = this.#leftOut();
    const named = new Set([...expected.values()].map(({ name }) => name));
    return {
      faults,
      leftOut: [...leftOut].filter((name) => named.has(name)).sort(),
      compared: comparedIn(expected, leftOut),
      undisturbedRuns: this.#undisturbed.length,
      agree: faults.every((fault) => fault.differences.length + fault.failures.length === 0),
    };
  }

  async #runner(
    words: readonly string[],
    limits: { killAfterMs?: number | undefined; fileLimitBytes?: number } = {},
  ): Promise<RunnerEnd> {
    const { signal } = this.#options;
    const end = await runnerOf(words, { ...limits, signal });
    if (signal.aborted)
      throw new BytesperError("INTERRUPTED", "Interrupted before the tables could be compared.");
    return end;
  }

  /** Without a journal there is nothing to resume, so the run starts again. */
  #wordsFor(out: string): string[] {
    return hasJournal(out) ? ["resume", out] : [...this.#options.words, "--out", out];
  }

  /**
   * Time range in which a kill can meet running cells: the duration of the grid, or of its remaining part.
   */
  #spanMs(out: string): number {
    const status = hasJournal(out) ? statusOf(journalOf(out).path) : undefined;
    if (status === undefined || status.planned === 0) return this.#wholeMs;
    const left = 1 - (status.done + status.failed) / status.planned;
    return Math.max(SHORTEST_SPAN_MS, left * this.#wholeMs);
  }

  #timesOf(fault: Fault): number {
    return this.#times.get(fault) ?? 0;
  }

  #newFolder(name: string): string {
    return join(this.#folder, name);
  }
}

/** Whether the first record of the run is on disk. Only then can the run be resumed. */
function hasJournal(out: string): boolean {
  return existsSync(join(out, "journal.jsonl")) && statusOf(journalOf(out).path) !== undefined;
}
