import type { Decision } from "../types.js";
import { isCategoryOn } from "../log/categories.js";
import type { CommandGuard } from "./command-guard.js";
import { endTree } from "../../system/end-tree.js";
import type { GuardLogger } from "./guard-logger.js";
import type { RulesFile } from "./rules-file.js";
import type { StateFile } from "./state-file.js";

/** A reader may treat the state as stale if this many states in a row are missing. */
const STALE_AFTER_STATES = 5;
const LEAST_STALE_SECONDS = 2;

export class Looks {
  readonly #guard: CommandGuard;
  readonly #state: StateFile;
  readonly #rules: RulesFile;
  readonly #log: GuardLogger;
  #decision: Decision = { mayGrow: true, skipped: [], fired: [] };
  #timer: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;
  #toldUnwritten = false;
  readonly #logsSamples = isCategoryOn("memory");

  constructor(guard: CommandGuard, state: StateFile, rules: RulesFile, log: GuardLogger) {
    this.#guard = guard;
    this.#state = state;
    this.#rules = rules;
    this.#log = log;
  }

  start(): void {
    this.#look();
    this.#timer = setTimeout(() => {
      this.start();
    }, this.#guard.guard.sampling.intervalMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /**
   * Call this when the command has ended. If the guard stopped the command, this waits for the end of the whole tree.
   */
  async end(): Promise<void> {
    this.close();
    await this.#ending;
    this.#guard.guard.close();
  }

  summary(): Record<string, unknown> {
    const { sampling, rules, doubts } = this.#guard.guard;
    return {
      stoppedBy: this.#decision.stop?.rule ?? null,
      sampledPeaks: this.#guard.peaks,
      rules,
      sampling,
      doubts: doubts.length,
    };
  }

  /** Throws the error of the file system. */
  writeState(): void {
    const { rules, sampling } = this.#guard.guard;
    const { mayGrow, skipped, fired, stop } = this.#decision;
    this.#state.write({
      staleAfterSeconds: Math.max(LEAST_STALE_SECONDS, (STALE_AFTER_STATES * sampling.intervalMs) / 1000),
      allow: Object.fromEntries(this.#guard.guard.branches.map((name) => [name, !skipped.includes(name)])),
      block: !mayGrow,
      warn: rules
        .filter(({ name, action }) => action === "warn" && fired.includes(name))
        .map(({ name }) => name),
      cleanup: this.#guard.requests.asked,
      stop: stop?.sentence ?? null,
    });
  }

  /** An error here must not end the command. */
  #look(): void {
    try {
      this.#decision = this.#ending === undefined ? this.#guard.look() : this.#decision;
      if (this.#logsSamples)
        this.#log.info("sample", { category: "memory", readings: this.#guard.readings(), message: "sample" });
      this.writeState();
    } catch (error) {
      if (!this.#toldUnwritten)
        this.#log.info("failed", { message: `A look at the command failed: ${(error as Error).message}.` });
      this.#toldUnwritten = true;
    }
    if (this.#decision.stop !== undefined) this.#ending ??= this.#stop(this.#decision.stop.sentence);
  }

  async #stop(why: string): Promise<void> {
    const { tree } = this.#guard;
    if (tree === undefined) return;
    const { graceMs } = this.#rules;
    this.#log.info("stopping", {
      message: `${why}: the command is ended, with ${graceMs} ms between SIGTERM and SIGKILL.`,
    });
    const killed = await endTree(tree, graceMs);
    this.#log.info("stopped", { killed, message: `${killed} processes had to be killed.` });
  }
}
