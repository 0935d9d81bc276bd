import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../errors.js";
import type { CellAnswers, CellMessage, CellWork } from "./cell-spec.js";
import { measuringEnvironment, measuringFlags } from "./flags.js";

/** How a cell ended: its answer, or a typed failure with the evidence in words. */
export type CellEnd<K extends CellWork["kind"]> =
  | { outcome: "ok"; data: CellAnswers[K]; records: CellMessage[]; durationMs: number }
  | {
      outcome: "crash" | "timeout" | "interrupted" | "oom-heap";
      code: ErrorCode | undefined;
      cause: string;
      records: CellMessage[];
      durationMs: number;
    };

export interface LocalOptions {
  compilers: "on" | "off";
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

const ENTRY = fileURLToPath(new URL("./cell.js", import.meta.url));
const KEPT_OUTPUT = 16 * 1024;

/** Runs one cell in a fresh process. Never rejects: a failed cell has the shape of a finished one. */
export function runCell<W extends CellWork>(work: W, options: LocalOptions): Promise<CellEnd<W["kind"]>> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...measuringFlags(options.compilers), ENTRY], {
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      env: measuringEnvironment(),
    });
    let killedFor: "timeout" | "interrupted" | undefined;
    let output = "";
    let lines = "";
    let spawnError: Error | undefined;
    const records: CellMessage[] = [];
    const kill = (reason: "timeout" | "interrupted"): void => {
      killedFor ??= reason;
      child.kill("SIGKILL");
    };
    const interrupt = (): void => {
      kill("interrupted");
    };
    const timer = setTimeout(() => {
      kill("timeout");
    }, options.timeoutMs);
    if (options.signal?.aborted === true) interrupt();
    options.signal?.addEventListener("abort", interrupt, { once: true });

    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-KEPT_OUTPUT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const [stdin, recordPipe] = [child.stdin, child.stdio[3] as NodeJS.ReadableStream];
    // A cell that died before it read its work closes the pipe; its exit tells the story.
    stdin.on("error", () => undefined);
    stdin.end(JSON.stringify(work));
    recordPipe.setEncoding("utf8");
    recordPipe.on("data", (chunk: string) => {
      const parts = (lines + chunk).split("\n");
      lines = parts.pop() ?? "";
      for (const part of parts) records.push(JSON.parse(part) as CellMessage);
    });
    child.on("error", (error) => {
      spawnError = error;
    });
    child.on("close", (exitCode, exitSignal) => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", interrupt);
      resolve(verdict(exitCode, exitSignal));
    });

    const verdict = (exitCode: number | null, exitSignal: NodeJS.Signals | null): CellEnd<W["kind"]> => {
      const durationMs = performance.now() - started;
      const answer = records.find((record) => record.type === "answer");
      const rest = records.filter((record) => record.type !== "answer" && record.type !== "error");
      if (answer !== undefined && killedFor === undefined) {
        return {
          outcome: "ok",
          data: (answer as { data: unknown }).data as CellAnswers[W["kind"]],
          records: rest,
          durationMs,
        };
      }
      const failure = { records: rest, durationMs, code: undefined };
      if (killedFor === "interrupted") return { ...failure, outcome: "interrupted", cause: "interrupted" };
      if (killedFor === "timeout") {
        const seconds = options.timeoutMs / 1000;
        return {
          ...failure,
          outcome: "timeout",
          code: "SUBJECT_TIMEOUT",
          cause: `did not finish within ${seconds} s`,
        };
      }
      const error = records.find((record) => record.type === "error") as
        { code: ErrorCode | undefined; message: string } | undefined;
      if (error !== undefined)
        return { ...failure, outcome: "crash", code: error.code, cause: error.message };
      if (/heap out of memory/i.test(output)) {
        return { ...failure, outcome: "oom-heap", cause: "V8's heap limit was reached" };
      }
      const status =
        exitSignal === null ? `exited with code ${exitCode ?? "unknown"}` : `was killed by ${exitSignal}`;
      const last = output.trim().split("\n").at(-1);
      const said = last === undefined || last === "" ? "" : `; its last line was: ${last}`;
      return {
        ...failure,
        outcome: "crash",
        cause: spawnError?.message ?? `the process ${status} without an answer${said}`,
      };
    };
  });
}
