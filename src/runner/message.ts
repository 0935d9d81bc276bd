/** What a program is told while a measurement runs. */
export interface Message {
  /** For people: a notice, or how far the measurement is. */
  text: string;
  /** Only in messages about progress: cells that ended, of how many, and the last one. */
  cells?: { finished: number; total: number; label: string };
}

/** The message that one more cell has ended. */
export function progressMessage(finished: number, total: number, label: string): Message {
  return { text: `${finished}/${total} cells, ${label}`, cells: { finished, total, label } };
}
