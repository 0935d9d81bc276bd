import type { Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { deviceBytesOf } from "../../system/device-watch.js";
import { checkNumbers } from "../assemble.js";
import { MemoryGuard } from "../memory-guard.js";
import { deviceSource } from "../sources/device-source.js";
import { hostSource } from "../sources/host-source.js";
import type { Decision, GuardEvent, RuleOptions } from "../types.js";
import { CleanupRequests } from "./cleanup-requests.js";
import type { ProcessTree } from "./process-tree.js";
import type { ReportFile } from "./report-file.js";
import { reportSource } from "./report-source.js";
import type { RulesFile } from "./rules-file.js";
import { treeSource } from "./tree-source.js";

/** Share of one core that the guard may use beside the command. */
const MOST_SAMPLING_SHARE = 0.2;
/** Loading a framework and a model takes a while before the first report. */
const FIRST_REPORT_WITHIN_MS = 60_000;

/** A memory guard whose readings are of a command's tree, of the device, and what the command reports. */
export class CommandGuard {
  readonly guard: MemoryGuard;
  readonly requests = new CleanupRequests();
  /** The largest sample of each reading: a lower bound of its peak. */
  readonly peaks: Record<string, number> = {};
  /** Both undefined until the command has started. */
  tree: ProcessTree | undefined;
  root: number | undefined;
  readonly #report: ReportFile;
  /** Numbers that the rules file gives a value, which the command may report anew. */
  readonly #given: readonly string[];
  readonly #begin = performance.now();

  /** Throws `BAD_INPUT` for rules that cannot be applied. */
  constructor(file: RulesFile, report: ReportFile, onEvent: (event: GuardEvent) => void) {
    checkNumbers(file.numbers);
    this.#report = report;
    const numbers = Object.entries(file.numbers);
    const given = numbers.filter((entry): entry is [string, number] => entry[1] !== null);
    this.#given = given.map(([name]) => name);
    this.guard = new MemoryGuard({
      rules: file.rules.map((rule) => this.#optionsOf(rule)),
      numbers: Object.fromEntries(given),
      sampleMs: file.sampleMs,
      mostSamplingShare: MOST_SAMPLING_SHARE,
      onStop: "return",
      onEvent,
      sources: [
        treeSource(() => this.tree),
        hostSource(),
        reportSource({
          report,
          numbers: numbers.flatMap(([name, number]) => (number === null ? [name] : [])),
          device: file.device,
          isEarly: () => performance.now() - this.#begin < FIRST_REPORT_WITHIN_MS,
        }),
        deviceSource({ device: file.device, processBytes: () => this.#deviceBytes() }),
      ],
    });
  }

  /** Takes a sample and returns what holds now. */
  look(): Decision {
    const { numbers } = this.#report.read();
    for (const name of this.#given) {
      const value = numbers.get(name);
      if (value !== undefined) this.guard.set(name, value);
    }
    this.requests.answer(numbers.get("cleanupDone"));
    this.guard.sample();
    for (const name of this.guard.readingNames) {
      const value = this.guard.reading(name);
      if (!isAbsent(value)) this.peaks[name] = Math.max(value, this.peaks[name] ?? value);
    }
    return this.guard.step();
  }

  /** All that rules name, as it was sampled. */
  readings(): Record<string, Reading> {
    return Object.fromEntries(this.guard.readingNames.map((name) => [name, this.guard.reading(name)]));
  }

  #optionsOf(rule: RulesFile["rules"][number]): RuleOptions {
    if (typeof rule === "string") return { when: rule };
    const { action, ...options } = rule;
    if (action === "cleanup") return { ...options, action: { cleanup: () => this.requests.ask() } };
    return { ...options, ...(action !== undefined && { action }) };
  }

  #deviceBytes(): Reading {
    return this.root === undefined ? absent("the command has not started") : deviceBytesOf(this.root);
  }
}
