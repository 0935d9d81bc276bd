import type { Draft } from "./draft.js";
import type { Grammar, Place } from "./grammar/grammar.js";
import type { ViewOptions } from "./view.js";
import { PARTED } from "./view.js";

/**
 * Reads a report with the grammar, and once more with other guesses where the text leaves room for them: two
 * digits that a line end parts may be one number, and lines may begin with a prefix of unknown form. The reading
 * that finds more wins, and among equals the one that guesses less.
 */
export function bestReading(grammar: Grammar, place: Place): Draft | undefined {
  const { view, at } = place;
  const first = grammar.read(place);
  const readings = [first];
  const [from, to] = first === undefined ? [at - 400, at + 800] : [first.start, first.end + 200];
  const joinDigits = view.text.slice(Math.max(0, from), to).includes(PARTED);
  const prefix = view.unknownPrefix(first?.start ?? at);
  // Lines that are alike up to the needle and beyond are no wrapped message but many times one sentence.
  if (prefix !== undefined && prefix.length <= view.rawLine(first?.start ?? at).before.length) {
    readings.push(again(grammar, place, { prefix }));
    readings.push(again(grammar, place, { prefix, joinDigits: true }));
  }
  const joined = joinDigits ? again(grammar, place, { joinDigits }) : undefined;
  // A number at the very end of a report reads as well without its last digits.
  if (first !== undefined && joined?.weight === first.weight && endsParted(first)) return joined;
  readings.push(joined);
  return readings.reduce((best, reading) =>
    reading !== undefined && (best === undefined || reading.weight > best.weight) ? reading : best,
  );
}

function endsParted({ view, end }: Draft): boolean {
  return view.text.charAt(end) === PARTED && view.isWrappedBefore(end);
}

function again(grammar: Grammar, { view, at, floor }: Place, options: ViewOptions): Draft | undefined {
  const other = view.variant(options);
  return grammar.read({
    view: other,
    at: other.indexOf(view.offsetOf(at)),
    floor: other.indexOf(view.offsetOf(floor)),
  });
}
