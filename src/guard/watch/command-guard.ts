import type { NvmlReport } from "../../system/native/contract.js";
import type { Absent, Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { DriverPoll } from "../../system/driver/reader.js";
import { deviceBytesOf } from "../../system/device-watch.js";
import { checkNumbers } from "../assemble.js";
import { MemoryGuard } from "../memory-guard.js";
import { deviceSource } from "../sources/device-source.js";
import { hostSource } from "../sources/host-source.js";
import type { Decision, GuardEvent, RuleOptions } from "../types.js";
import { CleanupRequests } from "./cleanup-requests.js";
import type { ProcessTree } from "../../system/process-tree.js";
import type { ReportFile } from "./report-file.js";
import { reportSource } from "./report-source.js";
import type { RulesFile } from "./rules-file.js";
import { treeSource } from "./tree-source.js";

/** The guard may use this share of one core. */
const MOST_SAMPLING_SHARE = 0.2;
/** A program that loads a framework and a model sends its first report late. */
const FIRST_REPORT_WITHIN_MS = 60_000;

/**
 * A memory guard with readings of the command's process tree and the device, and with numbers that the command
 * reports.
 */
export class CommandGuard {
  readonly guard: MemoryGuard;
  readonly requests = new CleanupRequests();
  /** The largest sample of each reading. The true peak may be higher. */
  readonly peaks: Record<string, number> = {};
  tree: ProcessTree | undefined;
  root: number | undefined;
  readonly #report: ReportFile;
  /** Numbers with a value in the rules file. The command may report new values. */
  readonly #given: readonly string[];
  readonly #begin = performance.now();

  /** Throws `BAD_INPUT` for rules that cannot be applied. */
  constructor(file: RulesFile, report: ReportFile, driver: DriverPoll, onEvent: (event: GuardEvent) => void) {
    checkNumbers(file.numbers);
    const devices = (): NvmlReport | Absent => driver.latest();
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
          devices,
          isEarly: () => performance.now() - this.#begin < FIRST_REPORT_WITHIN_MS,
        }),
        deviceSource({
          device: file.device,
          devices,
          processBytes: () =>
            this.root === undefined
              ? absent("the command has not started")
              : deviceBytesOf(this.root, devices()),
        }),
      ],
    });
  }

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

  /** The last sample of every reading that occurs in rules. */
  readings(): Record<string, Reading> {
    return Object.fromEntries(this.guard.readingNames.map((name) => [name, this.guard.reading(name)]));
  }

  #optionsOf(rule: RulesFile["rules"][number]): RuleOptions {
    if (typeof rule === "string") return { when: rule };
    const { action, ...options } = rule;
    if (action === "cleanup") return { ...options, action: { cleanup: () => this.requests.ask() } };
    return { ...options, ...(action !== undefined && { action }) };
  }
}
