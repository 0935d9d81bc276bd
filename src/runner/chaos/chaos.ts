import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  /** Words of the command line that run the grid, without a folder for the results. */
  words: readonly string[];
  /** Kills of each kind. */
  kills: number;
  /** Decides the moments of the kills and where files are cut. */
  seed: number;
  signal: AbortSignal;
  progress: (message: string) => void;
}

export type Fault = "killed" | "torn" | "full-disk";

/** What became of the tables under one kind of fault. */
export interface FaultReport {
  fault: Fault;
  times: number;
  differences: Difference[];
  /** Runs that did not come to their end, each as a sentence. */
  failures: string[];
}

export interface ChaosReport {
  faults: FaultReport[];
  /** Names of what was not compared: the clock's and the kernel's, and what differs without any fault. */
  leftOut: string[];
  compared: number;
  undisturbedRuns: number;
  agree: boolean;
  /** Where everything is, if the tables do not agree. */
  folder: string | undefined;
}

/** Of a reading that two undisturbed runs agree in by chance, more of them tell. */
const MOST_UNDISTURBED = 4;
/** A grid that is over before it can be killed this often in a row is too short for its kills. */
const MOST_IN_VAIN = 5;
/** A resumed runner takes this long before it starts cells; moments are chosen beyond it. */
const SHORTEST_SPAN_MS = 500;

/** Exit code of a runner that could not write its results. */
const WRITE_FAILED = 3;

/** A grid that was run under faults, in a folder of its own. */
interface Leg {
  fault: Fault;
  facts: Facts;
  failure: string | undefined;
}

/**
 * Runs a grid undisturbed in a temporary folder, then again under faults, and compares the tables. Throws
 * `CELL_FAILED` where the grid does not come to its end by itself, and `INTERRUPTED`.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-chaos-"));
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
  /** How long the grid takes by itself, and the size of its journal. */
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
    // What differs may do so by itself, which the first two runs did not happen to show.
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

  /** Grids one after the other, each killed and gone on with until it is through, until there were enough kills. */
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
      // A busy machine may have become quicker: moments beyond the end would never come.
      if (this.#timesOf(fault) === before) this.#wholeMs = Math.min(this.#wholeMs, end.ms);
      inVain = this.#timesOf(fault) > before ? 0 : inVain + 1;
      this.#addLeg(fault, out, end);
    }
  }

  /** Tears the journal, if the runner had come to write one. */
  #tear(out: string): boolean {
    if (!hasJournal(out)) return false;
    tearTail(journalOf(out).path, this.#random());
    return true;
  }

  /** A file-size limit stands for a full disk: the journal cannot grow any more. Then the run is gone on with. */
  async #fillDisk(): Promise<void> {
    this.#options.progress("full disk");
    const out = this.#newFolder("full-disk");
    const fileLimitBytes = (0.3 + 0.6 * this.#random()) * this.#journalBytes;
    const limited = await this.#runner(this.#wordsFor(out), { fileLimitBytes });
    this.#times.set("full-disk", limited.code === WRITE_FAILED ? 1 : 0);
    let end = await this.#runner(this.#wordsFor(out));
    // A cell that met the limit with a file of its own has failed, as it would on a full disk.
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

  /** A runner that was killed before its run was on disk left nothing to go on with. */
  #wordsFor(out: string): string[] {
    return hasJournal(out) ? ["resume", out] : [...this.#options.words, "--out", out];
  }

  /** The time within which a kill may meet cells: that of the grid, or of what is left of it. */
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

/** Whether there is a run to go on with: its first record is on disk. */
function hasJournal(out: string): boolean {
  return existsSync(join(out, "journal.jsonl")) && statusOf(journalOf(out).path) !== undefined;
}
