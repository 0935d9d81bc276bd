import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseDuration } from "../../base/duration.js";
import { sentence } from "../../base/sentence.js";
import type { CudaReport, NvmlReport } from "../native/contract.js";
import type { Absent } from "../probe/reading.js";
import { absent, isAbsent } from "../probe/reading.js";

interface Reports {
  nvml: NvmlReport;
  cuda: CudaReport;
}
type Library = keyof Reports;

const CHILD = fileURLToPath(new URL("child.js", import.meta.url));
const NAMES: Record<Library, string> = { nvml: "NVML", cuda: "the CUDA driver" };
/** A machine with eight GPUs and no persistence mode takes some seconds to answer for the first time. */
const LIMIT_MS = 20_000;

/**
 * Reads the devices through a process of its own, with a limit. A driver that does not answer in time is absent
 * with that reason, and is not asked again.
 */
export class DriverReader {
  readonly #limitMs: number;
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #failed: Absent | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  /** Ends the wait for the answer of the present child. */
  #fail: ((why: string) => void) | undefined;
  readonly #atExit = (): void => {
    this.#child?.kill("SIGKILL");
  };

  constructor(limitMs = limitOfEnvironment()) {
    this.#limitMs = limitMs;
  }

  /** Never rejects. */
  read<L extends Library>(library: L, signal?: AbortSignal): Promise<Reports[L] | Absent> {
    const answer = this.#queue.then(() => this.#ask(library, signal));
    this.#queue = answer;
    return answer as Promise<Reports[L] | Absent>;
  }

  /** Ends the process, also while it hangs. Whoever waits gets an absent report. */
  close(): void {
    this.#fail?.("the reader was closed");
    this.#drop();
  }

  async #ask(library: Library, signal: AbortSignal | undefined): Promise<Reports[Library] | Absent> {
    if (this.#failed !== undefined) return this.#failed;
    if (signal?.aborted === true) return absent("interrupted before the driver was asked");
    const child = (this.#child ??= this.#start());
    const line = await new Promise<string | Absent>((resolve) => {
      let text = "";
      const done = (answer: string | Absent): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", interrupt);
        child.stdout.off("data", take);
        this.#fail = undefined;
        resolve(answer);
      };
      const take = (chunk: string): void => {
        text += chunk;
        if (text.endsWith("\n")) done(text);
      };
      const interrupt = (): void => {
        done(absent("interrupted before the driver answered"));
      };
      const timer = setTimeout(() => {
        done(absent(`${NAMES[library]} did not answer within ${this.#limitMs / 1000} s`));
      }, this.#limitMs);
      signal?.addEventListener("abort", interrupt, { once: true });
      child.stdout.on("data", take);
      this.#fail = (why) => {
        done(absent(`${NAMES[library]} gave no answer: ${why}`));
      };
      child.stdin.write(`${library}\n`);
    });
    if (isAbsent(line)) {
      this.#failed = line;
      this.#drop();
      return line;
    }
    return JSON.parse(line) as Reports[Library];
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    // In a group of its own, so that an interrupt from the keyboard reaches this process alone.
    const child = spawn(process.execPath, [CHILD, String(process.pid)], {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    child.stdout.setEncoding("utf8");
    const fail = (why: string): void => {
      if (this.#child === child) this.#fail?.(why);
    };
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => {
      fail(sentence(error));
    });
    child.on("exit", (code, signal) => {
      fail(`the process that asked it ended with ${signal ?? `code ${String(code)}`}`);
    });
    process.on("exit", this.#atExit);
    return child;
  }

  /** Lets go of the process without waiting: one in an uninterruptible call outlives SIGKILL. */
  #drop(): void {
    const child = this.#child;
    this.#child = undefined;
    process.off("exit", this.#atExit);
    if (child === undefined) return;
    child.kill("SIGKILL");
    child.stdin.destroy();
    child.stdout.destroy();
    child.unref();
  }
}

/** Reads the devices once. Never rejects. */
export async function readDriver<L extends Library>(
  library: L,
  signal?: AbortSignal,
): Promise<Reports[L] | Absent> {
  const reader = new DriverReader();
  try {
    return await reader.read(library, signal);
  } finally {
    reader.close();
  }
}

/** An answer that is older is not taken for the present one. */
const STALE_MS = 5_000;

/** Gives the last report without waiting, and asks for the next one. */
export class DriverPoll {
  readonly #reader = new DriverReader();
  #last: NvmlReport | Absent = absent("NVML has not answered yet");
  #askedAt: number | undefined;

  async first(): Promise<void> {
    this.#last = await this.#reader.read("nvml");
  }

  latest(): NvmlReport | Absent {
    if (this.#askedAt === undefined) {
      this.#askedAt = performance.now();
      void this.#reader.read("nvml").then((report) => {
        this.#last = report;
        this.#askedAt = undefined;
      });
    } else if (performance.now() - this.#askedAt > STALE_MS && !isAbsent(this.#last))
      this.#last = absent(`NVML has not answered for ${STALE_MS / 1000} s`);
    return this.#last;
  }

  close(): void {
    this.#reader.close();
  }
}

/** BYTESPER_DRIVER_LIMIT is the time that the driver has to answer. */
function limitOfEnvironment(): number {
  const given = process.env.BYTESPER_DRIVER_LIMIT;
  return given === undefined ? LIMIT_MS : parseDuration(given);
}
