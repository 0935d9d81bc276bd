import type { DiagnosisName } from "../diagnosis/diagnosis.js";
import type { Draft } from "../draft.js";
import { findIn } from "../draft.js";
import type { Needle } from "../gate.js";
import type { View } from "../view.js";

/**
 * Where to look for a report: a needle was found at `at`, and the text before `floor` must not be read again.
 */
export interface Place {
  view: View;
  at: number;
  floor: number;
}

/** What a message means: the name of the diagnosis, and a sentence for `fill`. */
export type Finding = readonly [name: DiagnosisName, message: string];

/** The reports of one framework when memory ran out. */
export interface Grammar {
  name: string;
  /**
   * Each needle makes this grammar look for a report. A report needs only one needle that no line end splits.
   * Words that are frequent in ordinary logs would make the scan slow, unless `then` or `near` separates
   * reports from them.
   */
  needles: readonly Needle[];
  /** Whether another grammar that reads the same place knows more: words of a driver that many programs print. */
  general?: boolean;
  read(place: Place): Draft | undefined;
}

/** The first match around the needle: from `back` characters before it to `ahead` after it. */
export function around(place: Place, pattern: RegExp, back = 400, ahead = 600): RegExpExecArray | undefined {
  const { view, at, floor } = place;
  const match = findIn(view, pattern, Math.max(floor, at - back), at + ahead);
  // A match that begins after the needle has a needle of its own.
  return match !== undefined && match.index <= at ? match : undefined;
}

/**
 * Whether words without a figure were printed by a program, and are not part of a sentence about them. They
 * must begin a line or follow an exception's class, a colon, a quote or a bracket, and after them must come
 * the same kind of end.
 */
export function standsAlone(view: View, start: number, end: number): boolean {
  const before = view.text.charAt(start - 1);
  return (view.isLineStart(start) || /[:'"`([{>|\]=]/.test(before)) && endsAlone(view, end);
}

/**
 * Whether the words end together with a line, a bracket or a JSON field, so that no sentence continues after
 * them.
 */
export function endsAlone(view: View, end: number): boolean {
  if (view.isLineStart(end)) return true;
  const after = view.text.slice(end, end + 3);
  if (/^[)\]}|<]/.test(after)) return true;
  const [mark] = /^\.?['"`]?/.exec(after) ?? [""];
  return (
    mark !== "" && (view.isLineStart(end + mark.length) || /^[,;)\]}|<'"`]/.test(after.slice(mark.length)))
  );
}
