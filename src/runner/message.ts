import type { Left } from "./schedule/time-left.js";

/** What a program is told while a measurement runs. */
export interface Message {
  /** For people: a notice, or how far the measurement is. */
  text: string;
  /** Only in messages about progress: cells that ended, of how many, and the last one. */
  cells?: {
    finished: number;
    total: number;
    label: string;
    /** Time until the last cell ends, from how long the cells of this measurement took. */
    left?: Left;
  };
}

/** The message that one more cell has ended. */
export function progressMessage(finished: number, total: number, label: string, left?: Left): Message {
  const cells = { finished, total, label, ...(left === undefined ? {} : { left }) };
  return { text: `${finished}/${total} ${total === 1 ? "cell" : "cells"}, ${label}`, cells };
}
