import { temporaryFolder } from "../../system/temporary.js";
import { isTooDeep } from "../../base/json-depth.js";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../base/errors.js";
import { BytesperError } from "../../base/errors.js";
import { withPlace } from "../../experiment/thrown.js";
import { laterPath } from "../../measure/snapshot/write.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { Reading } from "../../system/probe/reading.js";
import { bytesWithBinaryUnit } from "../../base/format.js";
import type { Enforcement, LimitEvidence } from "../limits/index.js";
import { heapLimitMiB } from "../limits/index.js";
import { fitsCell } from "../fits/cell.js";
import type { CommandSpec } from "./command.js";
import { JsonLines } from "./command.js";
import type { CellEnd, CellMemory, Outcome } from "../../record/cell-end.js";
import { DeviceWatch, NOT_TOLD_APART } from "../../system/device-watch.js";
import { measuringEnvironment, measuringFlags } from "./flags.js";
import type { SupervisorSample } from "./supervisor-report.js";
import { cannotStart, startsWithin } from "./data-limit.js";
import { kernelKills, killsBetween } from "./kernel-kills.js";
import type { LaunchEnd, Launched } from "./launch.js";
import { supervisorPath, launch } from "./launch.js";
import type { Evidence, Stop } from "./outcome.js";
import { verdict } from "./outcome.js";
import { parseSnapshot } from "./parse-snapshot.js";
import type { CellWork, NodeWorkOrder } from "./work.js";
import type { CellMessage, CommandData, Compilers } from "../../record/cell.js";

/** One attempt at a cell. It is plain data, so another machine can run it. */
export interface CellJob {
  /** Name of the attempt: letters, digits and "-" only. */
  id: string;
  work: CellWork;
  compilers: Compilers;
  timeoutMs: number;
  /** Modules that a Node process loads first, such as a loader of the user's own. */
  imports?: readonly string[];
  capBytes?: number;
  /** Limit on device memory. A program reads it from `BYTESPER_DEVICE_CAP_BYTES`. */
  deviceCapBytes?: number;
  /** Number of the GPU that only this cell uses. A command sees no other GPU. */
  device?: number;
  /** File that the cell writes its records to. Records that cannot be written there come through `onTurn`. */
  turnsFile?: string;
  /** Interval at which the memory of the process tree is reported, ms. Absent: it is not reported. */
  sampleMs?: number;
}

export interface CellEvents {
  onTurn?: (record: unknown) => void;
  onSample?: (sample: SupervisorSample) => void;
}

export interface RunningCell {
  end: Promise<CellEnd>;
  /** Kills the whole process tree. */
  stop: (outcome: Stop["outcome"], cause: string) => void;
}

const ENTRY = fileURLToPath(new URL("./entry.js", import.meta.url));
/**
 * Time between SIGTERM and SIGKILL, in which a user's program can clean up after its time limit. Measuring
 * cells get no such time.
 */
const COMMAND_GRACE_MS = 2_000;

/** Runs one cell in a new process tree under its limits. The promise `end` never rejects. */
export function executeCell(job: CellJob, enforcement: Enforcement, events: CellEvents = {}): RunningCell {
  if (job.work.kind === "fits")
    return fitsCell({ work: job.work.fits, timeoutMs: job.timeoutMs, imports: job.imports ?? [] });
  if (job.work.kind !== "snapshot") return executeProcess(job, enforcement, events);
  const folder = temporaryFolder();
  const path = join(folder, "population.heapsnapshot");
  const snapshot = { ...job.work.snapshot, path };
  const running = executeProcess({ ...job, work: { kind: "snapshot", snapshot } }, enforcement, events);
  const end = running.end
    .then((own) => withSummary(own, path, snapshot.whole === true ? laterPath(path) : undefined))
    .finally(() => {
      rmSync(folder, { recursive: true, force: true });
    });
  return { ...running, end };
}

/** Summarises the snapshot on the machine that wrote it: the file may be too large to copy. */
async function withSummary(end: CellEnd, path: string, later: string | undefined): Promise<CellEnd> {
  if (end.outcome !== "ok") return end;
  try {
    return { ...end, data: { cell: end.data, summary: await parseSnapshot(path, later) } };
  } catch (error) {
    if (!(error instanceof BytesperError)) throw error;
    return { ...end, outcome: "crash", code: error.code, cause: error.message, data: undefined };
  }
}

function executeProcess(job: CellJob, enforcement: Enforcement, events: CellEvents): RunningCell {
  let stopped: Evidence["ended"];
  let running: Launched | undefined;
  const stop: RunningCell["stop"] = (outcome, cause) => {
    stopped ??= { outcome, cause };
    running?.kill();
  };
  const device = deviceFollower(job, stop);
  const run = async (): Promise<CellEnd> => {
    const { capBytes } = job;
    const limit = await enforcement.open({ id: job.id, capBytes });
    const heapLimitBytes = capBytes === undefined ? undefined : heapLimitMiB(capBytes) * 2 ** 20;
    const kills = kernelKills();
    const cell: CellProcess =
      job.work.kind === "command" ? new CommandCell(job.work.command, events) : new NodeCell(events);
    let launchEnd = NEVER_STARTED;
    let evidence: LimitEvidence;
    try {
      await device.ready();
      if (stopped === undefined) {
        running = launch({
          ...cell.process(job, heapLimitBytes),
          timeoutMs: job.timeoutMs,
          supervisorArguments: limit.supervisorArguments,
          wrap: (command) => limit.wrap(command),
          ...(job.sampleMs === undefined ? {} : { sampleMs: job.sampleMs }),
          onStarted: device.started,
          onSample: (sample) => {
            cell.onSample(sample);
            device.sample();
            events.onSample?.(sample);
          },
        });
        cell.ask = running.askSample;
        launchEnd = await running.ended;
      }
    } finally {
      evidence = await limit.close();
      device.close();
    }
    const told = verdict({
      ...cell.answer(launchEnd),
      launch: launchEnd,
      limit: evidence,
      enforcement: enforcement.kind,
      capBytes,
      heapLimitBytes,
      timeoutMs: job.timeoutMs,
      ended: stopped,
      kills: killsBetween(kills, kernelKills()),
    });
    const isRefused =
      told.outcome === "crash" && enforcement.kind === "rlimit-data" && launchEnd.exitSignal === "SIGABRT";
    const decided =
      isRefused &&
      capBytes !== undefined &&
      job.work.kind !== "command" &&
      !(await startsWithin(capBytes, ENTRY))
        ? cannotStart(capBytes)
        : told;
    return {
      ...decided,
      ...(decided.outcome === "ok" || cell.keepsData(decided.outcome)
        ? { data: cell.data(device.found()) }
        : {}),
      records: cell.records,
      durationMs: launchEnd.durationMs,
      memory: memoryOf(launchEnd, evidence, enforcement, capBytes),
      evidence: rawFacts(launchEnd, evidence),
    };
  };
  const end = run().catch((error: unknown): CellEnd => {
    const cause = error instanceof Error ? error.message : String(error);
    return {
      outcome: "crash",
      cause,
      records: [],
      durationMs: 0,
      memory: {
        enforcement: enforcement.kind,
        peakBytes: absent("the cell did not start"),
        largestProcessPeakBytes: absent("the cell did not start"),
        processes: 0,
      },
      evidence: {},
    };
  });
  return { end, stop };
}

/**
 * Stops a command that exceeds its cap on device memory. No kernel limit exists for that, so samples are
 * compared with the cap.
 */
function deviceFollower(
  { work, deviceCapBytes }: CellJob,
  stop: RunningCell["stop"],
): {
  ready: () => Promise<void>;
  started: (pid: number) => void;
  sample: () => void;
  found: () => FoundOnDevice;
  close: () => void;
} {
  const nothing = (): void => undefined;
  if (work.kind !== "command" || deviceCapBytes === undefined) {
    const found = (): FoundOnDevice => ({ readings: {} });
    return { ready: () => Promise.resolve(), started: nothing, sample: nothing, found, close: nothing };
  }
  const watch = new DeviceWatch();
  let root: number | undefined;
  return {
    ready: () => watch.start(),
    started: (pid) => {
      root = pid;
    },
    sample: () => {
      if (root === undefined) return;
      void watch.sample(root).then((held) => {
        if (typeof held !== "number" || held <= deviceCapBytes) return;
        stop(
          "oom-device",
          `it held ${bytesWithBinaryUnit(held)} of device memory, above the cap of ${bytesWithBinaryUnit(deviceCapBytes)} (NVML, sampled)`,
        );
      });
    },
    found: () => ({
      readings: { deviceBytes: watch.peakBytes, deviceChangeBytes: watch.peakChangeBytes },
      series: watch.courses,
      ...(isAbsent(watch.peakBytes) && watch.peakBytes.absent === NOT_TOLD_APART
        ? { warnings: [CAP_NOT_HELD] }
        : {}),
    }),
    close: () => {
      watch.close();
    },
  };
}

type FoundOnDevice = Pick<CommandData, "readings" | "series" | "warnings">;

const CAP_NOT_HELD = {
  name: "device-cap-not-held",
  message: `The cap on device memory was not held for commands: ${NOT_TOLD_APART}. deviceChangeBytes is the change of the whole device, other users of it included; start the container with the host's pids (docker run --pid=host) for deviceBytes.`,
};

const NEVER_STARTED: LaunchEnd = {
  exitCode: null,
  exitSignal: null,
  output: "",
  durationMs: 0,
  timedOut: false,
};

type ProcessOptions = Pick<
  Parameters<typeof launch>[0],
  "command" | "cwd" | "env" | "stdin" | "graceMs" | "onStdout" | "onMessage"
>;
type Answer = Pick<Evidence, "answered" | "answeredCause" | "answeredOutcome" | "error" | "lacking">;

/** What differs between a cell of bytesper's own and a user's program. */
interface CellProcess {
  readonly records: CellMessage[];
  /** Whether the data are kept when the outcome is not `ok`. */
  keepsData: (outcome: Outcome) => boolean;
  /** Asks the supervisor for the memory of the process tree now. */
  ask: () => void;
  process: (job: CellJob, heapLimitBytes: number | undefined) => ProcessOptions;
  onSample: (sample: SupervisorSample) => void;
  answer: (end: LaunchEnd) => Answer;
  data: (device: FoundOnDevice) => unknown;
}

/**
 * Most records that are kept. A measuring cell sends a few; a subject that writes to the same descriptor must
 * not fill the runner's memory.
 */
const MOST_RECORDS = 1000;

/**
 * Parses a record from file descriptor 3. A subject may write anything there; a line that is no record gives
 * undefined.
 */
function messageIn(line: string): (Record<string, unknown> & { type: string }) | undefined {
  let message: unknown;
  if (isTooDeep(line)) return undefined;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { type } = (message ?? {}) as { type?: unknown };
  return typeof type === "string" ? (message as Record<string, unknown> & { type: string }) : undefined;
}

/**
 * Where pages are weighed, the young generation must not grow: its halves take up to 16 MiB each, filled or
 * not.
 */
function ofPages({ kind }: CellWork): string[] {
  return kind === "growth" ? ["--max-semi-space-size=1"] : [];
}

class NodeCell implements CellProcess {
  readonly records: CellMessage[] = [];
  ask: () => void = () => undefined;
  readonly #events: CellEvents;
  #answer: { data: unknown } | undefined;
  #error: { code: ErrorCode | undefined; message: string } | undefined;
  /** An error that nobody caught. It counts only if the process then ended without an answer. */
  #uncaught: { code: undefined; message: string } | undefined;

  constructor(events: CellEvents) {
    this.#events = events;
  }

  process(job: CellJob, heapLimitBytes: number | undefined): ProcessOptions {
    const { work, turnsFile } = job;
    if (work.kind === "command" || work.kind === "fits")
      throw new Error(`${work.kind}: no work of this process`);
    const order: NodeWorkOrder = { work, ...(turnsFile === undefined ? {} : { turnsFile }) };
    const heap = heapLimitBytes === undefined ? [] : [`--max-old-space-size=${heapLimitBytes / 2 ** 20}`];
    const first = (job.imports ?? []).flatMap((module) => ["--import", module]);
    return {
      command: [
        process.execPath,
        ...measuringFlags(job.compilers),
        ...ofPages(work),
        ...heap,
        ...first,
        ENTRY,
      ],
      env: measuringEnvironment(),
      stdin: JSON.stringify(order),
      graceMs: 0,
      onMessage: (line) => {
        this.#message(line);
      },
    };
  }

  #message(line: string): void {
    const message = messageIn(line);
    if (message === undefined) return;
    if (message.type === "answer" && "data" in message) this.#answer = { data: message.data };
    else if (
      (message.type === "error" || message.type === "uncaught") &&
      typeof message.message === "string"
    ) {
      const text = withPlace(message.message, typeof message.stack === "string" ? message.stack : undefined);
      if (message.type === "uncaught") this.#uncaught ??= { code: undefined, message: text };
      else this.#error = { code: message.code as ErrorCode | undefined, message: text };
    } else if (message.type === "turn") {
      if ("record" in message) this.#events.onTurn?.(message.record);
    } else if (this.records.length < MOST_RECORDS) this.records.push(message);
  }

  onSample(): void {
    // Empty: a measuring cell takes its readings itself.
  }

  /**
   * Data are kept when the answer itself names this outcome: a program that reached the cap of a pool has
   * readings from before that.
   */
  keepsData(outcome: Outcome): boolean {
    return (this.#answer?.data as { outcome?: Outcome } | undefined)?.outcome === outcome;
  }

  data(): unknown {
    return this.#answer?.data;
  }

  answer(): Answer {
    const own = this.#answer?.data as { outcome?: "ok" | "oom-device"; cause?: string } | undefined;
    return {
      answered: this.#answer !== undefined,
      answeredOutcome: own?.outcome,
      answeredCause: own?.cause,
      error: this.#error ?? this.#uncaught,
      lacking: undefined,
    };
  }
}

class CommandCell implements CellProcess {
  readonly records: CellMessage[] = [];
  ask: () => void = () => undefined;
  readonly #spec: CommandSpec;
  readonly #lines: JsonLines;
  #last: SupervisorSample | undefined;
  /**
   * Samples that were requested and have not arrived. At most two, or a program that prints fast would flood
   * the supervisor with requests.
   */
  #asked = 0;
  #started = performance.now();

  constructor(spec: CommandSpec, events: CellEvents) {
    this.#spec = spec;
    this.#lines = new JsonLines((object) => {
      events.onTurn?.(object);
      this.#ask();
    });
  }

  process(job: CellJob, heapLimitBytes: number | undefined): ProcessOptions {
    const { argv, cwd, env } = this.#spec;
    this.#started = performance.now();
    return {
      command: argv,
      cwd,
      env: {
        ...process.env,
        ...nodeOptions(heapLimitBytes),
        ...(job.deviceCapBytes === undefined
          ? {}
          : { BYTESPER_DEVICE_CAP_BYTES: String(job.deviceCapBytes) }),
        ...(job.device === undefined ? {} : { CUDA_VISIBLE_DEVICES: String(job.device) }),
        ...env,
      },
      stdin: "",
      graceMs: COMMAND_GRACE_MS,
      onStdout: (chunk) => {
        this.#lines.push(chunk);
      },
    };
  }

  onSample(sample: SupervisorSample): void {
    if (sample.asked !== true) return;
    this.#last = sample;
    this.#asked--;
  }

  /** Requests a sample for the line that was just printed. If two requests are open, their samples serve. */
  #ask(): void {
    if (this.#asked >= 2) return;
    this.#asked++;
    this.ask();
  }

  /** Always: readings that were printed before the memory ran out are useful. */
  keepsData(): boolean {
    return true;
  }

  data({ readings, ...device }: FoundOnDevice): unknown {
    const data = this.#lines.data;
    return {
      ...data,
      ...device,
      readings: {
        ...data.readings,
        // Memory of the process tree as the kernel counted it after the last printed line.
        ...(this.#last?.pssBytes === undefined ? {} : { pssBytes: this.#last.pssBytes }),
        ...(this.#last?.mainPssBytes === undefined ? {} : { mainPssBytes: this.#last.mainPssBytes }),
        ...readings,
        durationMs: performance.now() - this.#started,
      },
    };
  }

  answer(launchEnd: LaunchEnd): Answer {
    const { readings } = this.#lines.end();
    const missing = this.#spec.required.filter((name) => !(name in readings));
    return {
      answered: launchEnd.exitCode === 0,
      answeredOutcome: undefined,
      answeredCause: undefined,
      error: undefined,
      lacking:
        missing.length === 0
          ? undefined
          : `exited with code 0 without the reading ${missing.join(", ")}; print a line of JSON such as {"${missing[0] ?? ""}": 1}`,
    };
  }
}

/** Makes every Node process in the tree keep its heap below the cap. A limit that the user has set stays. */
function nodeOptions(heapLimitBytes: number | undefined): NodeJS.ProcessEnv {
  const own = process.env.NODE_OPTIONS ?? "";
  if (
    heapLimitBytes === undefined ||
    own.includes("max-old-space-size") ||
    own.includes("max_old_space_size")
  )
    return {};
  return { NODE_OPTIONS: `${own} --max-old-space-size=${heapLimitBytes / 2 ** 20}`.trim() };
}

function memoryOf(
  { supervisor }: LaunchEnd,
  { peak }: LimitEvidence,
  { kind }: Enforcement,
  capBytes: number | undefined,
): CellMemory {
  const unknown = absent(
    supervisorPath() === undefined
      ? "process trees are followed on Linux only"
      : "the supervisor of the cell was killed before it could tell",
  );
  const largest: Reading = supervisor === undefined ? unknown : supervisor.largestProcessPeakBytes;
  const common = {
    enforcement: kind,
    ...(capBytes === undefined ? {} : { capBytes }),
    largestProcessPeakBytes: largest,
    processes: supervisor?.processesReaped ?? 0,
  };
  if ("bytes" in peak) return { ...common, peakBytes: peak.bytes, peakSource: `${peak.source} (exact)` };
  if (supervisor === undefined) return { ...common, peakBytes: unknown };
  if (supervisor.processesReaped === 1)
    return {
      ...common,
      peakBytes: supervisor.largestProcessPeakBytes,
      peakSource: "VmHWM of its only process (exact)",
    };
  const sampled = Math.max(supervisor.peakPssBytes ?? 0, supervisor.largestProcessPeakBytes);
  return {
    ...common,
    peakBytes: sampled,
    peakSource: "sampled PSS and VmHWM of the largest process (lower bound)",
  };
}

function rawFacts(launchEnd: LaunchEnd, { oomKills, counters }: LimitEvidence): CellEnd["evidence"] {
  const { supervisor, exitCode, exitSignal, output } = launchEnd;
  return {
    exitCode,
    exitSignal,
    killed: supervisor?.killed ?? null,
    survivors: supervisor?.survivors ?? null,
    userMs: supervisor?.userMs ?? null,
    systemMs: supervisor?.systemMs ?? null,
    oomKills: typeof oomKills === "number" ? oomKills : null,
    ...counters,
    lastOutput: output.trim().split("\n").slice(-3).join("\n").slice(-500),
  };
}
