import type { Draft } from "../draft.js";
import { findIn } from "../draft.js";
import type { Needle } from "../gate.js";
import type { View } from "../view.js";

/** Where to look for a report: a needle was found at `at`, and nothing before `floor` is to be read again. */
export interface Place {
  view: View;
  at: number;
  floor: number;
}

/** One framework's way to say that memory ran out. */
export interface Grammar {
  name: string;
  /**
   * Each of them makes this grammar look; a report needs only one that no line end parts. Words that ordinary logs
   * are full of would make the scan slow, unless what goes with them tells the two apart.
   */
  needles: readonly Needle[];
  read(place: Place): Draft | undefined;
}

/** The first match around the needle: from `back` characters before it to `ahead` after it. */
export function around(place: Place, pattern: RegExp, back = 400, ahead = 600): RegExpExecArray | undefined {
  const { view, at, floor } = place;
  const match = findIn(view, pattern, Math.max(floor, at - back), at + ahead);
  // What begins after the needle has a needle of its own.
  return match !== undefined && match.index <= at ? match : undefined;
}

/**
 * Whether words that state no figure are a program's own and not a sentence about them: they begin a line, or
 * follow an exception's class, a colon, a quote or a bracket, and nothing but an end of that kind follows.
 */
export function standsAlone(view: View, start: number, end: number): boolean {
  const before = view.text.charAt(start - 1);
  return (view.isLineStart(start) || /[:'"`([{>|\]=]/.test(before)) && endsAlone(view, end);
}

/** Whether words end where a line, a bracket or a field of JSON does, and no sentence goes on behind them. */
export function endsAlone(view: View, end: number): boolean {
  if (view.isLineStart(end)) return true;
  const after = view.text.slice(end, end + 3);
  if (/^[)\]}|<]/.test(after)) return true;
  const [mark] = /^\.?['"`]?/.exec(after) ?? [""];
  return (
    mark !== "" && (view.isLineStart(end + mark.length) || /^[,;)\]}|<'"`]/.test(after.slice(mark.length)))
  );
}
