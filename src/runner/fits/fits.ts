import { BytesperError } from "../../base/errors.js";
import { bytesWithBinaryUnit } from "../../base/format.js";
import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import { processLines } from "../../analysis/process-lines.js";
import type { ProcessLimits } from "../../analysis/walls.js";
import { predictedWalls, residentLine } from "../../analysis/walls.js";
import { openSubject } from "../../experiment/load.js";
import type { ContextData, SubjectReference } from "../../experiment/subject.js";
import type { HeldReading, HeldSpec, WeighedReading } from "../../measure/held.js";
import type { Fits, FitsNext, FitsRun, ProcessLines } from "../../record/fits.js";
import { readHostMemory } from "../../system/host.js";
import { defaultOldSpaceBytes, SMALLEST_YOUNG, youngBytes } from "../../system/v8-heap.js";
import type { Enforcement } from "../limits/index.js";
import { chooseEnforcement } from "../limits/index.js";
import type { HeldOrder } from "./order.js";
import type { HeldEnd } from "./run-held.js";
import { runHeld } from "./run-held.js";
import type { Pair } from "./search.js";
import { searchPair } from "./search.js";
import { openFilesLimit } from "../../system/open-files.js";
import { wallOf } from "./wall.js";

export interface FitsOptions {
  memoryBytes: number;
  nodeOptions?: readonly string[];
  /** Share of the population that is replaced in each round, when all are made. */
  churn?: number;
  /** Turns that each instance takes through the subject's `use`. */
  turns?: number;
  /** Share of the largest population that is kept free in the advice. */
  safety?: number;
  /** Whether to search again with the first wall moved; true by default. */
  next?: boolean;
  conversations?: string;
  seed?: number;
  /** Levels of the factors that the subject's context has. */
  factors?: ContextData["factors"];
  timeoutMs?: number;
  imports?: readonly string[];
  signal?: AbortSignal;
  progress?: (message: string) => void;
}

const MIB = 2 ** 20;

/**
 * How many instances of a subject one plain Node process holds in a container of this size: by a search over real
 * processes under a real limit, started from an estimate.
 */
export async function fits(subjectText: string, options: FitsOptions): Promise<Fits> {
  const subject = await openSubject(subjectText, undefined, undefined, options.imports);
  try {
    return await searchFits({ ...subject.reference, name: subjectText }, options);
  } finally {
    subject.dispose();
  }
}

/** The same for a subject that is open. */
export async function searchFits(subject: SubjectReference, options: FitsOptions): Promise<Fits> {
  return new Search(subject, options, await enforcementHere()).result();
}

async function enforcementHere(): Promise<Enforcement> {
  const { enforcement } = await chooseEnforcement({});
  if (enforcement.kind !== "none") return enforcement;
  throw new BytesperError(
    "NO_ENFORCEMENT",
    "No limit on memory can be put on a process here: neither a control group nor RLIMIT_DATA nor the supervisor is available; run on Linux after npm run setup.",
  );
}

class Search {
  readonly #name: string;
  readonly #subject: SubjectReference;
  readonly #options: FitsOptions;
  readonly #enforcement: Enforcement;
  /** Whether Node sees the limit as that of its container, and chooses its heap limit by it. */
  readonly #seen: boolean;
  readonly #started = performance.now();
  /** The populations that were tried, by the options of Node that were searched with. */
  readonly #tried = new Map<string, FitsRun[]>();
  #processes = 0;

  constructor(subject: SubjectReference, options: FitsOptions, enforcement: Enforcement) {
    this.#name = subject.name;
    this.#subject = subject;
    this.#options = options;
    this.#enforcement = enforcement;
    this.#seen =
      enforcement.kind.startsWith("cgroup") || enforcement.kind === "systemd-scope"
        ? options.memoryBytes <= readHostMemory().totalBytes
        : false;
  }

  async result(): Promise<Fits> {
    const { memoryBytes } = this.#options;
    const nodeOptions = this.#nodeOptions();
    const limits = await this.#limits(nodeOptions);
    this.#tell(
      `V8's heap limit is ${bytesWithBinaryUnit(limits.heapLimitBytes)}; weighing some instances in a plain process`,
    );
    const readings = await this.#weigh(nodeOptions);
    const lines = processLines(readings);
    this.#requireHeld(readings, lines);
    const [predicted, ...later] = predictedWalls(lines, limits);
    const measurable = this.#measurable(lines, limits, predicted.fits);
    const common = {
      schema: "bytesper/fits@1" as const,
      subject: this.#name,
      memoryBytes,
      nodeVersion: process.versions.node,
      nodeOptions: [...nodeOptions],
      enforcement: this.#enforcement.kind,
      enforcementText: this.#enforcement.description,
      heapLimitBytes: limits.heapLimitBytes,
      oldSpaceBytes: limits.oldSpaceBytes,
      predicted: predicted.fits,
      predictedWall: predicted.wall,
      walls: [predicted, ...later].filter(({ fits }) => Number.isFinite(fits)),
      lines,
    };
    if (measurable !== true) {
      return {
        ...common,
        measured: false,
        reason: measurable,
        wall: predicted.wall,
        runs: [],
        next: [],
        durationMs: performance.now() - this.#started,
        doubts: [],
      };
    }
    const pair = await this.#search(predicted.fits, nodeOptions);
    const { lives, dies } = pair;
    const wall = dies.wall ?? "subject";
    const next = wall === "heap" && this.#options.next !== false ? await this.#behindHeap(lines, limits) : [];
    const { safety } = this.#options;
    return {
      ...common,
      measured: true,
      lives: lives?.target ?? 0,
      dies: dies.target,
      wall,
      ...(safety === undefined ? {} : { safe: Math.floor((lives?.target ?? 0) * (1 - safety)) }),
      predictedRelativeError: predicted.fits / (((lives?.target ?? 0) + dies.target) / 2) - 1,
      runs: pair.runs,
      next,
      durationMs: performance.now() - this.#started,
      doubts: this.#doubts(),
    };
  }

  #nodeOptions(): string[] {
    const { nodeOptions = [], memoryBytes } = this.#options;
    if (this.#seen || nodeOptions.some((option) => HEAP_OPTION.test(option))) return [...nodeOptions];
    return [...nodeOptions, `--max-old-space-size=${Math.floor(defaultOldSpaceBytes(memoryBytes) / MIB)}`];
  }

  async #limits(nodeOptions: readonly string[]): Promise<ProcessLimits & { heapLimitBytes: number }> {
    const ask = async (more: readonly string[]): Promise<number> => {
      const end = await this.#run({ kind: "limits" }, [...nodeOptions, ...more]);
      if (typeof end.data === "number") return end.data;
      throw this.#tooSmall(end);
    };
    const heapLimitBytes = await ask([]);
    const oldSpaceBytes = (await ask([SMALLEST_YOUNG.flag])) - SMALLEST_YOUNG.bytes;
    const descriptors = openFilesLimit();
    return {
      memoryBytes: this.#options.memoryBytes,
      heapLimitBytes,
      oldSpaceBytes,
      youngBytes: youngBytes((heapLimitBytes - oldSpaceBytes) / 3),
      ...(descriptors === undefined ? {} : { descriptors }),
    };
  }

  async #weigh(nodeOptions: readonly string[]): Promise<WeighedReading[]> {
    const { memoryBytes } = this.#options;
    const growBytes = Math.min(MOST_WEIGHED_BYTES, Math.max(LEAST_WEIGHED_BYTES, memoryBytes / 8));
    const end = await this.#run(
      { kind: "weigh", spec: { ...this.#spec(), growBytes, timeMs: WEIGH_MS } },
      nodeOptions,
    );
    if (end.outcome === "ok") return end.data as WeighedReading[];
    throw this.#failed(end);
  }

  async #search(estimate: number, nodeOptions: readonly string[]): Promise<Pair<FitsRun>> {
    const tried: FitsRun[] = [];
    this.#tried.set(nodeOptions.join(" "), tried);
    return searchPair(estimate, async (target) => {
      const end = await this.#run({ kind: "hold", spec: { ...this.#spec(), target } }, nodeOptions, (made) =>
        [`${target.toLocaleString("en-US")} instances: ${made.toLocaleString("en-US")} made`, between(tried)]
          .filter((part) => part !== undefined)
          .join("; "),
      );
      const evidence = this.#evidence(target, end);
      tried.push(evidence);
      return evidence;
    });
  }

  #evidence(target: number, end: HeldEnd): FitsRun {
    const lives = end.outcome === "ok";
    const wall = lives ? undefined : wallOf(end);
    if (!lives && (wall === undefined || end.reached === 0)) throw this.#failed(end);
    const reading = end.data as HeldReading | undefined;
    return {
      target,
      lives,
      reached: lives ? target : end.reached,
      ...(wall === undefined ? {} : { wall }),
      ...(end.cause === undefined ? {} : { cause: end.cause }),
      ...(end.v8Message === undefined ? {} : { v8Message: end.v8Message }),
      ...(end.rounds > 0 ? { rounds: end.rounds } : {}),
      exitCode: end.exitCode,
      exitSignal: end.exitSignal,
      ...(end.oomKills === undefined ? {} : { oomKills: end.oomKills }),
      peakBytes: end.peakBytes,
      ...(reading === undefined
        ? {}
        : { residentBytes: reading.residentBytes, heapBytes: reading.heapBytes }),
      durationMs: end.durationMs,
    };
  }

  /** Moves V8's limit out of the way, so that the container becomes the wall, and searches again. */
  async #behindHeap(lines: ProcessLines, limits: ProcessLimits): Promise<FitsNext[]> {
    const open = { ...limits, oldSpaceBytes: Number.POSITIVE_INFINITY };
    const optionAt = (count: number): number =>
      Math.ceil((lines.heap.fixed + lines.heap.perUnit * count) / MIB / 10) * 10;
    const others = (this.#options.nodeOptions ?? []).filter((each) => !HEAP_OPTION.test(each));
    const [{ fits: first }] = predictedWalls(lines, open);
    // A larger old generation comes with a larger young one, so V8 is asked once more.
    const { youngBytes } = await this.#limits([...others, `--max-old-space-size=${optionAt(first)}`]);
    const [{ fits: most, wall }] = predictedWalls(lines, { ...open, youngBytes });
    const heapMiB = optionAt(most);
    const option = `--max-old-space-size=${heapMiB}`;
    if (heapMiB * MIB <= limits.oldSpaceBytes) return [];
    const measurable = this.#measurable(lines, limits, most);
    if (measurable !== true) return [{ change: option, measured: false, predicted: most, wall }];
    const { lives, dies, runs } = await this.#search(most, [...others, option]);
    return [
      {
        change: option,
        measured: true,
        lives: lives?.target ?? 0,
        dies: dies.target,
        predicted: most,
        wall: dies.wall ?? wall,
        runs,
      },
    ];
  }

  #spec(): Omit<HeldSpec, "target"> {
    const { conversations, seed = 1, factors = {}, turns, churn } = this.#options;
    const context: ContextData = {
      factors,
      seed,
      ...(conversations === undefined ? {} : { conversations }),
    };
    return {
      subject: this.#subject,
      context,
      ...(turns === undefined ? {} : { turns }),
      ...(churn === undefined ? {} : { churn }),
    };
  }

  async #run(
    order: HeldOrder,
    nodeOptions: readonly string[],
    tell?: (made: number) => string,
  ): Promise<HeldEnd> {
    const { memoryBytes, imports = [], timeoutMs = 600_000, signal } = this.#options;
    this.#processes += 1;
    const end = await runHeld(order, {
      id: `fits-${this.#processes}`,
      enforcement: this.#enforcement,
      memoryBytes,
      nodeOptions,
      imports,
      timeoutMs,
      signal,
      ...(tell === undefined ? {} : { onMade: (made: number) => this.#options.progress?.(tell(made)) }),
    });
    if (end.outcome === "interrupted")
      throw new BytesperError("INTERRUPTED", `Interrupted; ${this.#soFar()}.`);
    return end;
  }

  /** What the processes that ended have shown, for somebody who waited for them. */
  #soFar(): string {
    const found = [...this.#tried].flatMap(([options, runs]) => {
      const known = between(runs);
      return known === undefined ? [] : [`${known}${options === "" ? "" : ` with ${options}`}`];
    });
    return found.length === 0 ? "nothing was measured completely" : `so far ${found.join(", and ")}`;
  }

  /** Why the population cannot be searched on this machine; true if it can. */
  #measurable(lines: ProcessLines, limits: ProcessLimits, count: number): true | string {
    const { availableBytes } = readHostMemory();
    if (!Number.isFinite(count)) return "no wall is in sight";
    const resident = residentLine(lines, limits.youngBytes);
    const needed = (resident.fixed + resident.perUnit * count) * 1.1;
    if (needed <= availableBytes) return true;
    return `a process of ${bytesWithBinaryUnit(needed)} is needed and this machine has ${bytesWithBinaryUnit(availableBytes)} free`;
  }

  #requireHeld(readings: readonly WeighedReading[], lines: ProcessLines): void {
    const count = readings.at(-1)?.count ?? 0;
    const perUnit = Math.max(0, lines.heap.perUnit) + Math.max(0, lines.beyondHeap.perUnit) - SLOT_BYTES;
    if (perUnit > LEAST_BYTES || (lines.descriptors?.perUnit ?? 0) > 0) return;
    throw new BytesperError(
      "BAD_SUBJECT",
      `${this.#name} holds nothing that can be counted: ${count.toLocaleString("en-US")} instances changed the process by no more than the array that holds them; let create return what one unit keeps.`,
    );
  }

  #failed(end: HeldEnd): BytesperError {
    if (!end.ready && end.code === undefined) return this.#tooSmall(end);
    const what = end.reached === 0 && end.ready ? "one instance does not fit" : "it could not be held";
    if (end.code !== undefined) return new BytesperError(end.code, end.cause ?? `${this.#name}: ${what}.`);
    return new BytesperError(
      "CELL_FAILED",
      `${this.#name}: ${what} in ${bytesWithBinaryUnit(this.#options.memoryBytes)}: ${end.cause ?? end.outcome}.`,
    );
  }

  #tooSmall(end: HeldEnd): BytesperError {
    return new BytesperError(
      "BAD_INPUT",
      `A Node process without any instance does not live in ${bytesWithBinaryUnit(this.#options.memoryBytes)} (${end.cause ?? end.outcome}); give more memory.`,
    );
  }

  #doubts(): string[] {
    if (this.#enforcement.exact) return [];
    return [
      `No control group can be made here, so the container is stood in for by ${this.#enforcement.description}, and V8's limit was set to what Node chooses in a container of that size: the container's wall may lie some percent off.`,
    ];
  }

  #tell(message: string): void {
    this.#options.progress?.(message);
  }
}

/** The largest population that lived and the smallest that died; undefined before the first of them ended. */
function between(runs: readonly FitsRun[]): string | undefined {
  const targets = (lives: boolean): number[] =>
    runs.filter((run) => run.lives === lives).map(({ target }) => target);
  const [living, dying] = [targets(true), targets(false)];
  const parts = [
    living.length === 0 ? undefined : `${largestOf(living).toLocaleString("en-US")} live`,
    dying.length === 0 ? undefined : `${smallestOf(dying).toLocaleString("en-US")} die`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" and ");
}

const HEAP_OPTION = /^--max[-_](?:old[-_]space[-_]size|heap[-_]size)/;
/** What the array that holds the instances takes for each; it grows by half. */
const SLOT_BYTES = 12;
/** The smallest object takes more. */
const LEAST_BYTES = 8;
const LEAST_WEIGHED_BYTES = 24 * MIB;
const MOST_WEIGHED_BYTES = 256 * MIB;
const WEIGH_MS = 20_000;
