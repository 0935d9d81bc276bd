import { durationText } from "../base/duration.js";
import { printMessage } from "./print.js";
import type { Left } from "../runner/schedule/time-left.js";
import { visible } from "../base/table/visible.js";

/** Shows progress on stderr: one changing line on a terminal, otherwise a plain line from time to time. */
export class Progress {
  readonly #start = performance.now();
  readonly #live = process.stderr.isTTY;
  #lastPlain = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param known what is known about the time that is left; by default, cells are taken to be equally long */
  update(finished: number, total: number, label: string, known?: Left): void {
    const now = performance.now();
    const elapsed = now - this.#start;
    const left = known ?? { ms: (elapsed / finished) * (total - finished), unknown: 0 };
    const isDone = finished === total;
    const text = (ms: number): string =>
      `${finished}/${total} ${total === 1 ? "cell" : "cells"}, ${isDone ? "done" : leftText({ ...left, ms }, total - finished)}${isDone && label === "done" ? "" : `, ${visible(label)}`}`;
    if (this.#live) {
      this.#keepLive(
        () => `${bar(finished / total)}${text(Math.max(0, left.ms - (performance.now() - now)))}`,
      );
    } else if (finished === total || elapsed - this.#lastPlain > 2000) {
      this.#lastPlain = elapsed;
      process.stderr.write(`${text(left.ms)}\n`);
    }
  }

  /** Draws the line now and every second, so that the time left runs down between two cells. */
  #keepLive(line: () => string): void {
    this.clear();
    const draw = (): void => {
      process.stderr.write(`\r\u001b[2K${line().slice(0, process.stderr.columns - 1)}`);
    };
    draw();
    this.#timer = setInterval(draw, 1000);
    this.#timer.unref();
  }

  /** Prints a message that stays. */
  line(message: string): void {
    this.clear();
    printMessage(message);
  }

  /** Shows what is under way, where the number of steps is not known. */
  state(text: string): void {
    const elapsed = performance.now() - this.#start;
    if (this.#live) this.#keepLive(() => visible(text));
    else if (this.#lastPlain === 0 || elapsed - this.#lastPlain > 2000) {
      this.#lastPlain = elapsed;
      process.stderr.write(`${visible(text)}\n`);
    }
  }

  /** Shows what is under way; the answer is called at its end, and tells how long it took where that was long. */
  step(what: string): () => void {
    const start = performance.now();
    if (this.#live) this.state(`${what} ...`);
    // Where lines stay, only what takes long is worth one.
    const timer = this.#live
      ? undefined
      : setTimeout(() => {
          process.stderr.write(`${visible(what)} ...\n`);
        }, LONG_MS);
    timer?.unref();
    return () => {
      clearTimeout(timer);
      this.clear();
      const ms = performance.now() - start;
      if (ms >= LONG_MS) printMessage(`${visible(what)}: ${durationText(ms)}`);
    };
  }

  /** Clears the changing line, so that other output starts on its own line. */
  clear(): void {
    clearInterval(this.#timer);
    if (this.#live) process.stderr.write("\r\u001b[2K");
  }
}

/** A step that takes longer is told with its time. */
const LONG_MS = 1500;

const BAR_CELLS = 20;
const NARROW = 60;

/** Nothing on a narrow terminal, where it would push the time that is left off the line. */
function bar(share: number): string {
  if (process.stderr.columns < NARROW) return "";
  const full = Math.floor(share * BAR_CELLS);
  return `[${"#".repeat(full)}${".".repeat(BAR_CELLS - full)}] `;
}

function leftText({ ms, unknown }: Left, cells: number): string {
  if (unknown === cells) return "time left unknown until cells of their kinds have run";
  const rest = unknown === 0 ? "" : ` and ${unknown} ${unknown === 1 ? "cell" : "cells"} of unknown length`;
  return `about ${durationText(ms)}${rest} left`;
}
