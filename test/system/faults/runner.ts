import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect } from "vitest";
import { MAIN } from "../cli.js";

const PATIENCE_MS = 90_000;

/** The command line at work, which a test may kill. */
export class Runner {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  /** Settles when the process is gone and nobody holds its output any more. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #waiting: (() => void)[] = [];

  constructor(args: readonly string[], options: { under?: readonly string[]; env?: NodeJS.ProcessEnv } = {}) {
    const [file = "", ...rest] = [...(options.under ?? []), process.execPath, MAIN, ...args];
    this.child = spawn(file, rest, {
      // In no repository: the commit of a working tree changes while a test runs.
      cwd: tmpdir(),
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      // A defect that makes it wait for ever must not outlive the test for long.
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
    });
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
      this.#wake();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#wake();
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (code, signal) => {
        resolve({ code, signal });
        this.#wake();
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits until the output has what is looked for. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stderr + this.stdout)) {
      if (this.isOver) throw new Error(`it ended without saying ${String(pattern)}: ${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Kills it after this time unless it ends before; returns whether it was killed. */
  async killedAfter(ms: number): Promise<boolean> {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), ms);
    const { signal } = await this.ended;
    clearTimeout(timer);
    return signal === "SIGKILL";
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Runs the command line to its end. */
export async function run(
  args: readonly string[],
  options: ConstructorParameters<typeof Runner>[1] = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const runner = new Runner(args, options);
  const { code } = await runner.ended;
  return { code, stdout: runner.stdout, stderr: runner.stderr };
}

/** Processes with this variable in their environment; those that ended and wait for their parent have none. */
export function processesWith(variable: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable);
      } catch {
        return false;
      }
    })
    .map((pid) => `${pid} ${commandOf(pid)}`);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** Nothing of a killed runner's cells lives on: its supervisors see the runner go and end their trees. */
export async function expectNoneLeft(variable: string): Promise<void> {
  await expect.poll(() => processesWith(variable), { timeout: 20_000, interval: 20 }).toEqual([]);
}
