import type { ChildProcess, StdioOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
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
/** Longest line on file descriptor 3, bytes. A heap breakdown takes some hundred kilobytes. */
const LONGEST_MESSAGE = 2 ** 28;

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
  const child = start(options, supervisor);
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
      const report = JSON.parse(line) as SupervisorReport;
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
    supervisor === undefined
      ? options.timeoutMs
      : options.timeoutMs + options.graceMs + SUPERVISOR_PATIENCE_MS,
  );
  const ended = new Promise<LaunchEnd>((resolve) => {
    child.on("error", (error) => {
      spawnError = error;
      // If no process was started, "close" never comes.
      if (child.pid === undefined) finish(null, null);
    });
    child.on("close", finish);
    function finish(exitCode: number | null, exitSignal: NodeJS.Signals | null): void {
      clearTimeout(timer);
      const own = end === undefined ? { exitCode, exitSignal } : ofMain(end);
      resolve({
        ...(end === undefined ? {} : { supervisor: end }),
        ...(failed === undefined ? {} : { failed }),
        ...(spawnError === undefined ? {} : { spawnError }),
        ...own,
        output,
        durationMs: end?.wallMs ?? performance.now() - started,
        timedOut: timedOut || end?.killed === "time",
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

function start(options: LaunchOptions, supervisor: string | undefined): ChildProcess {
  const { command, cwd, env } = options;
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

function lines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > LONGEST_MESSAGE) rest = "";
    for (const part of parts) if (part !== "") onLine(part);
  });
}
