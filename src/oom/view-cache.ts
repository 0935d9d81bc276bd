import type { LogWindow } from "./log-window.js";
import { View } from "./view.js";

/** How much of a log a view holds, in bytes. */
export interface Extent {
  /** Before the place of interest, if the log has so much. */
  back: number;
  ahead: number;
  /** Of a whole view; what it holds beyond the other two is used for the next places. */
  length: number;
  /** Where places come close to each other views grow to this length. */
  most: number;
}

/** Makes views of a log's window; places close to each other share one. */
export class ViewCache {
  readonly #extent: Extent;
  #view: View | undefined;
  #length: number;
  /** Where the last view ended in the log. */
  #end = 0;

  constructor(extent: Extent) {
    this.#extent = extent;
    this.#length = extent.length;
  }

  clear(): void {
    this.#view = undefined;
  }

  around(window: LogWindow, offset: number): View {
    const { back, ahead, length, most } = this.#extent;
    if (this.#view !== undefined) {
      const { stretch } = this.#view;
      const end = stretch.offset + stretch.raw.length;
      const enough = end - offset >= ahead || (end === window.end && end > offset);
      if (enough && (offset - stretch.offset >= back || stretch.offset === window.start)) return this.#view;
    }
    const earliest = Math.max(window.start, offset - back);
    // The line of a report must be complete in the view, if lines have an ordinary length.
    const from = window.lineStart(earliest, Math.min(back, earliest - window.start)) ?? earliest;
    // Most of a short view is its margins, so many of them would read each byte several times.
    const isClose = offset < this.#end + ahead;
    this.#length = isClose ? Math.min(most, 2 * this.#length) : length;
    const to = Math.min(window.end, from + this.#length + (earliest - from));
    this.#end = to;
    this.#view = new View({
      raw: window.latin1(from, to),
      offset: from,
      line: window.lineAt(from),
      atLineStart: from === 0 || window.lineStart(from, 1) === from,
    });
    return this.#view;
  }
}
