import type { Draft } from "./draft.js";
import type { Grammar, Place } from "./grammar/grammar.js";
import type { ViewOptions } from "./view.js";
import { PARTED } from "./view.js";

/**
 * Reads a report with the grammar, and again with other guesses if the text allows them. Two digits that a
 * line end separates may be one number, and lines may begin with a prefix of unknown form. The reading that
 * finds more wins; of equal ones, the one with fewer guesses.
 */
export function bestReading(grammar: Grammar, place: Place): Draft | undefined {
  const { view, at } = place;
  const first = grammar.read(place);
  let best = scored(first, 0);
  const take = (reading: Scored | undefined): void => {
    if (reading !== undefined && (best === undefined || reading.score > best.score)) best = reading;
  };
  const prefix = view.unknownPrefix(first?.start ?? at);
  // Lines that are equal up to the needle and beyond it are not a wrapped message but the same sentence many
  // times.
  if (prefix !== undefined && prefix.length <= view.rawLine(first?.start ?? at).before.length) {
    const without = again(grammar, place, { prefix });
    take(scored(without, 0));
    take(scored(again(grammar, place, { prefix, joinDigits: true }), bonus(without)));
  }
  const [from, to] = first === undefined ? [at - 400, at + 800] : [first.start, first.end + 200];
  if (view.text.slice(Math.max(0, from), to).includes(PARTED))
    take(scored(again(grammar, place, { joinDigits: true }), bonus(first)));
  return best?.draft;
}

interface Scored {
  draft: Draft;
  score: number;
}

function scored(draft: Draft | undefined, more: number): Scored | undefined {
  return draft === undefined ? undefined : { draft, score: draft.weight + more };
}

/**
 * A number at the very end of a report can be read without its last digits too. If a terminal cut it, the
 * digits are joined.
 */
function bonus(apart: Draft | undefined): number {
  if (apart === undefined) return 0;
  const { view, end } = apart;
  return view.text.charAt(end) === PARTED && view.isWrappedBefore(end) ? 0.5 : 0;
}

function again(grammar: Grammar, { view, at, floor }: Place, options: ViewOptions): Draft | undefined {
  const other = view.variant(options);
  return grammar.read({
    view: other,
    at: other.indexOf(view.offsetOf(at)),
    floor: other.indexOf(view.offsetOf(floor)),
  });
}
