import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { text } from "node:stream/consumers";

export const SUPERVISOR = fileURLToPath(new URL("../../../build/Release/cell-supervisor", import.meta.url));

export const NO_SUPERVISOR =
  process.platform !== "linux"
    ? "needs Linux"
    : existsSync(SUPERVISOR)
      ? undefined
      : "needs build/Release/cell-supervisor; run npm run setup";

export const SANITIZED = process.env.LD_PRELOAD?.includes("libasan") ?? false;

export type Line = Record<string, unknown> & { event: string };

/** A sanitizer's library would bring its own memory into the measured children. The supervisor is linked with its own. */
export const PLAIN_ENV = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== "LD_PRELOAD"),
);

interface SupervisorOptions {
  options?: string[];
  /** Started in place of the supervisor, with the supervisor's whole command line as further arguments. */
  under?: string[];
}

/** A supervisor with the report at 4, the lifeline at 5, and a pipe at 3 that the command inherits. */
export class RunningSupervisor {
  readonly process: ChildProcess;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  /** Settles when nobody holds descriptor 3 any more: no process of the tree, and not the supervisor. */
  readonly third: Promise<string>;
  readonly exit: Promise<number | null>;
  readonly lines: Line[] = [];
  private readonly waiting: (() => void)[] = [];
  private reportEnded = false;

  constructor(command: string[], { options = [], under = [] }: SupervisorOptions = {}) {
    const args = [SUPERVISOR, "--report", "4", "--lifeline", "5", ...options, "--", ...command];
    const [file = "", ...rest] = [...under, ...args];
    this.process = spawn(file, rest, {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
      env: PLAIN_ENV,
    });
    const stream = (fd: number): Readable => this.process.stdio[fd] as Readable;
    [this.stdout, this.stderr, this.third] = [text(stream(1)), text(stream(2)), text(stream(3))];
    this.exit = new Promise((resolve, reject) => {
      this.process.on("error", reject);
      this.process.on("exit", (code) => {
        resolve(code);
      });
    });
    // A supervisor that has ended does not read what is still sent.
    this.lifeline.on("error", () => undefined);
    this.readReport(stream(4));
  }

  get lifeline(): Writable {
    return this.process.stdio.at(5) as Writable;
  }

  get report(): Readable {
    return this.process.stdio[4] as Readable;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  say(letters: string): void {
    this.lifeline.write(letters);
  }

  /** The next line of that kind that nobody has waited for yet. */
  async next(event: string): Promise<Line> {
    for (;;) {
      const index = this.lines.findIndex((line) => line.event === event);
      const [line] = index < 0 ? [] : this.lines.splice(index, 1);
      if (line !== undefined) return line;
      if (this.reportEnded) throw new Error(`the report ended without a line ${event}: ${await this.stderr}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  end(): Promise<Line> {
    return this.next("end");
  }

  /** The text that the command wrote first. */
  firstOutput(): Promise<string> {
    return new Promise((resolve) => {
      this.process.stdout?.once("data", (chunk: Buffer) => {
        resolve(chunk.toString());
      });
    });
  }

  private readReport(report: Readable): void {
    let rest = "";
    report.setEncoding("utf8");
    report.on("error", () => undefined);
    report.on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) this.lines.push(JSON.parse(part) as Line);
      this.wake();
    });
    report.on("close", () => {
      this.reportEnded = true;
      this.wake();
    });
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** Runs the command to the end of its tree. */
export async function runSupervised(
  command: string[],
  options: string[] = [],
): Promise<{ end: Line; stdout: string; lines: Line[] }> {
  const supervisor = new RunningSupervisor(command, { options });
  const end = await supervisor.end();
  return { end, stdout: await supervisor.stdout, lines: supervisor.lines };
}

export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPERM") return true;
    return false;
  }
}

/** The path of this process in a cgroup v1 hierarchy, or in the unified one (""). */
export function ownGroup(controller: string): string | undefined {
  const entries = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  for (const entry of entries) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(entry) ?? [];
    if (controllers.split(",").includes(controller)) return path;
  }
  return undefined;
}
