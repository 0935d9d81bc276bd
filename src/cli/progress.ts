import { visible, visibleLines } from "../base/table/visible.js";

/** Shows progress on stderr: one changing line on a terminal, otherwise a plain line from time to time. */
export class Progress {
  readonly #start = performance.now();
  readonly #live = process.stderr.isTTY;
  #lastPlain = 0;

  update(finished: number, total: number, label: string): void {
    const elapsed = performance.now() - this.#start;
    const left = (elapsed / finished) * (total - finished);
    const line = `${finished}/${total} cells, ${finished === total ? "done" : `about ${seconds(left)} left`}, ${visible(label)}`;
    if (this.#live) {
      const width = process.stderr.columns;
      process.stderr.write(`\r\u001b[2K${line.slice(0, width - 1)}`);
    } else if (finished === total || elapsed - this.#lastPlain > 2000) {
      this.#lastPlain = elapsed;
      process.stderr.write(`${line}\n`);
    }
  }

  /** Prints a message that stays. */
  line(message: string): void {
    this.clear();
    process.stderr.write(`${visibleLines(message)}\n`);
  }

  /** Shows what is under way, where the number of steps is not known. */
  state(text: string): void {
    const elapsed = performance.now() - this.#start;
    if (this.#live) process.stderr.write(`\r\u001b[2K${visible(text).slice(0, process.stderr.columns - 1)}`);
    else if (this.#lastPlain === 0 || elapsed - this.#lastPlain > 2000) {
      this.#lastPlain = elapsed;
      process.stderr.write(`${visible(text)}\n`);
    }
  }

  /** Clears the changing line, so that other output starts on its own line. */
  clear(): void {
    if (this.#live) process.stderr.write("\r\u001b[2K");
  }
}

function seconds(ms: number): string {
  return ms < 90_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;
}
