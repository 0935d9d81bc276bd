import type { ChildProcess, StdioOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { supervisorFile } from "../../system/native/built-file.js";
import type {
  SupervisorEnd,
  SupervisorFailed,
  SupervisorReport,
  SupervisorSample,
} from "./supervisor-report.js";

const KEPT_OUTPUT = 16 * 1024;
/** Longest line on file descriptor 3, characters. A heap breakdown takes some hundred kilobytes. */
const LONGEST_MESSAGE = 2 ** 26;

export interface LaunchOptions {
  command: string[];
  cwd?: string | undefined;
  env: NodeJS.ProcessEnv;
  stdin: string;
  timeoutMs: number;
  /** Time between SIGTERM and SIGKILL, ms. With 0 the process is killed at once. */
  graceMs: number;
  /** Further options of the supervisor, which say how memory is limited. */
  supervisorArguments: readonly string[];
  /** Puts a program in front of the supervisor's command, such as systemd-run. */
  wrap: (command: string[]) => string[];
  sampleMs?: number;
  onStdout?: (chunk: Buffer) => void;
  /** Called for each line on file descriptor 3. */
  onMessage?: (line: string) => void;
  onSample?: (sample: SupervisorSample) => void;
  /** Called when the process runs, with the pid of its first process. */
  onStarted?: (pid: number) => void;
}

export interface LaunchEnd {
  /** Last report of the supervisor. Absent without a supervisor, or if it died. */
  supervisor?: SupervisorEnd;
  failed?: SupervisorFailed;
  spawnError?: Error;
  exitCode: number | null;
  exitSignal: NodeJS.Signals | null;
  /** The last part of stdout and stderr. */
  output: string;
  durationMs: number;
  timedOut: boolean;
  /** The supervisor ended before the cell, which a cell can bring about; its processes were ended. */
  lost?: boolean;
}

export interface Launched {
  ended: Promise<LaunchEnd>;
  kill: () => void;
  /** Asks for the memory of the process tree now. The answer comes through `onSample`. */
  askSample: () => void;
}

/** Path of the supervisor's program; undefined where cells cannot run under it. */
export function supervisorPath(): string | undefined {
  return process.platform === "linux" ? supervisorFile() : undefined;
}

/**
 * Starts a process under the supervisor, which limits and watches the whole process tree and ends every
 * process of it. Without a supervisor the process runs alone, and only that one process is killed.
 */
export function launch(options: LaunchOptions): Launched {
  const started = performance.now();
  const supervisor = supervisorPath();
  const mark = `BYTESPER_CELL=${randomBytes(8).toString("hex")}`;
  const child = start(options, supervisor, mark);
  let output = "";
  let timedOut = false;
  let spawnError: Error | undefined;
  let end: SupervisorEnd | undefined;
  let failed: SupervisorFailed | undefined;

  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-KEPT_OUTPUT);
  };
  child.stdout?.on("data", (chunk: Buffer) => {
    keep(chunk);
    options.onStdout?.(chunk);
  });
  child.stderr?.on("data", keep);
  // If the process dies before it reads its input, the pipe gives an error. It is ignored: the exit status
  // says what happened.
  const pipes = child.stdio as readonly (Readable | Writable | null | undefined)[];
  for (const stream of [child.stdin, ...pipes.slice(3)]) stream?.on("error", () => undefined);
  child.stdin?.end(options.stdin);
  lines(pipes[3] as Readable, (line) => options.onMessage?.(line));
  if (supervisor !== undefined) {
    lines(pipes[4] as Readable, (line) => {
      const report = reportIn(line);
      if (report.event === "started") options.onStarted?.(report.pid);
      else if (report.event === "sample") options.onSample?.(report);
      else if (report.event === "end") end = report;
      else if (report.event === "failed") failed = report;
    });
  }
  const tell = (letter: string): void => {
    (pipes[5] as Writable | undefined)?.write(letter);
  };
  const kill = (): void => {
    if (supervisor === undefined) child.kill("SIGKILL");
    else tell("K");
  };
  // The supervisor enforces the time limit. This timer is for a missing supervisor or one that hangs.
  const timer = setTimeout(
    () => {
      timedOut = true;
      child.kill("SIGKILL");
    },
    Math.min(
      LONGEST_TIMER_MS,
      supervisor === undefined
        ? options.timeoutMs
        : options.timeoutMs + options.graceMs + SUPERVISOR_PATIENCE_MS,
    ),
  );
  let lost = false;
  let sweep: NodeJS.Timeout | undefined;
  // A supervisor ends after every process of its cell. Where it died before, they may hold the pipes for ever.
  const afterSupervisor = (): void => {
    sweep = setInterval(() => {
      if (end !== undefined || failed !== undefined) return;
      lost = true;
      endMarked(mark);
      for (const stream of pipes) stream?.destroy();
    }, SWEEP_MS);
  };
  if (supervisor !== undefined) child.on("exit", afterSupervisor);
  const ended = new Promise<LaunchEnd>((resolve) => {
    child.on("error", (error) => {
      spawnError = error;
      // If no process was started, "close" never comes.
      if (child.pid === undefined) finish(null, null);
    });
    child.on("close", finish);
    function finish(exitCode: number | null, exitSignal: NodeJS.Signals | null): void {
      clearTimeout(timer);
      clearInterval(sweep);
      // Processes without any pipe are left as well.
      if (supervisor !== undefined && end === undefined && failed === undefined && child.pid !== undefined) {
        lost = true;
        endMarked(mark);
      }
      const own = end === undefined ? { exitCode, exitSignal } : ofMain(end);
      resolve({
        ...(end === undefined ? {} : { supervisor: end }),
        ...(failed === undefined ? {} : { failed }),
        ...(spawnError === undefined ? {} : { spawnError }),
        ...own,
        output,
        durationMs: end?.wallMs ?? performance.now() - started,
        timedOut: timedOut || end?.killed === "time",
        ...(lost ? { lost } : {}),
      });
    }
  });
  return {
    ended,
    kill,
    askSample: () => {
      if (supervisor !== undefined) tell("S");
    },
  };
}

/**
 * Added to the runner's own score. The kernel's killer then ends cells before the runner, which holds their
 * results.
 */
const OOM_SCORE_ABOVE = 300;
const MOST_OOM_SCORE = 1000;

function oomScoreArguments(): string[] {
  try {
    const own = Number(readFileSync("/proc/self/oom_score_adj", "latin1"));
    return ["--oom-score-adj", String(Math.min(MOST_OOM_SCORE, own + OOM_SCORE_ABOVE))];
  } catch {
    return [];
  }
}

/** Extra time for the supervisor. It kills within milliseconds, unless a call into the kernel hangs. */
const SUPERVISOR_PATIENCE_MS = 30_000;

/** Longest time that a timer of Node takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Time for the last report of a supervisor that has ended, ms. */
const SWEEP_MS = 500;

/** Kills every process that has this variable in its environment, as all of a cell's processes do. */
function endMarked(mark: string): void {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(mark))
        process.kill(Number(name), "SIGKILL");
    } catch {
      // It has ended meanwhile, or belongs to another user.
    }
  }
}

/** A cell could write to the descriptor through /proc, so a line may be anything. */
function reportIn(line: string): SupervisorReport {
  try {
    const report: unknown = JSON.parse(line);
    if (typeof report === "object" && report !== null && "event" in report) return report as SupervisorReport;
  } catch {
    // No report.
  }
  return { event: "main-exited" };
}

function start(options: LaunchOptions, supervisor: string | undefined, mark: string): ChildProcess {
  const { command, cwd } = options;
  const [name = "", value] = mark.split("=");
  const env = { ...options.env, [name]: value };
  const common = { env, ...(cwd === undefined ? {} : { cwd }) };
  const pipes: StdioOptions = ["pipe", "pipe", "pipe", "pipe"];
  if (supervisor === undefined) {
    const [file = "", ...args] = command;
    return spawn(file, args, { ...common, stdio: pipes });
  }
  const [file = "", ...args] = options.wrap([
    supervisor,
    ...["--report", "4", "--lifeline", "5"],
    ...oomScoreArguments(),
    ...["--time-limit", String(options.timeoutMs), "--grace", String(options.graceMs)],
    ...(options.sampleMs === undefined ? [] : ["--sample", String(options.sampleMs)]),
    ...options.supervisorArguments,
    "--",
    ...command,
  ]);
  return spawn(file, args, { ...common, stdio: [...pipes, "pipe", "pipe"] });
}

function ofMain(end: SupervisorEnd): Pick<LaunchEnd, "exitCode" | "exitSignal"> {
  const name = Object.entries(constants.signals).find(([, number]) => number === end.signal)?.[0];
  return { exitCode: end.code ?? null, exitSignal: (name as NodeJS.Signals | undefined) ?? null };
}

/** Calls back for each line; one that is too long is dropped and takes no memory. */
export function lines(
  stream: Readable,
  onLine: (line: string) => void,
  longest: number = LONGEST_MESSAGE,
): void {
  let pieces: string[] = [];
  let length = 0;
  const keep = (piece: string): void => {
    length += piece.length;
    if (length > longest) pieces = [];
    else if (piece !== "") pieces.push(piece);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    let start = 0;
    for (let end = chunk.indexOf("\n"); end !== -1; end = chunk.indexOf("\n", start)) {
      keep(chunk.slice(start, end));
      if (length > 0 && length <= longest) onLine(pieces.join(""));
      pieces = [];
      length = 0;
      start = end + 1;
    }
    keep(chunk.slice(start));
  });
}
