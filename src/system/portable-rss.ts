import { createRequire } from "node:module";
import { sentence } from "../base/sentence.js";
import type { Reading } from "./probe/reading.js";
import { absent } from "./probe/reading.js";

type Pidusage = (pid: number, done: (error: Error | null, usage?: { memory: number }) => void) => void;

/**
 * Resident bytes of another process by the system's own tool (`ps`, PowerShell), where no /proc tells them. The tool
 * takes 10 ms and more, so it runs beside the program: each `read` returns what the one before asked for.
 */
export class PortableRss {
  readonly #pid: number;
  #latest: Reading = absent("its first reading has not come yet");
  #asked: Promise<void> | undefined;

  constructor(pid: number) {
    this.#pid = pid;
  }

  read(): Reading {
    this.#asked ??= this.#ask().finally(() => (this.#asked = undefined));
    return this.#latest;
  }

  /** Resolves when the reading that was asked for has come. */
  async settled(): Promise<void> {
    await this.#asked;
  }

  #ask(): Promise<void> {
    const pidusage = createRequire(import.meta.url)("pidusage") as Pidusage;
    return new Promise((resolve) => {
      pidusage(this.#pid, (error, usage) => {
        this.#latest =
          usage !== undefined && Number.isFinite(usage.memory)
            ? usage.memory
            : absent(`the system does not tell the memory of process ${this.#pid} (${sentence(error)})`);
        resolve();
      });
    });
  }
}
