/** At most this share of the letters may be wrong. With more, unrelated words would be suggested. */
const MOST_EDITS_SHARE = 0.4;
/** A shorter text is contained in too many names. */
const LEAST_PART = 4;

/** The name that was probably meant: the one with the fewest edits from `given`, else one that contains it. */
export function nearestName(given: string, candidates: Iterable<string>): string | undefined {
  const wanted = given.toLowerCase();
  let best: string | undefined;
  let fewest = Math.floor(wanted.length * MOST_EDITS_SHARE) + 1;
  let containing: string | undefined;
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase();
    if (wanted.length >= LEAST_PART && lower.includes(wanted)) containing ??= candidate;
    const count = edits(wanted, lower, fewest);
    if (count < fewest) [best, fewest] = [candidate, count];
  }
  return best ?? containing;
}

/** The end of a sentence about an unknown name: `; the nearest is X`, or "" if no name is near. */
export function suggestion(given: string, candidates: Iterable<string>): string {
  const near = nearestName(given, candidates);
  return near === undefined ? "" : `; the nearest is ${near}`;
}

/**
 * The distance of two words, at most `limit`: insertions, removals, replacements, and two neighbours that changed places
 * (the optimal string alignment of Damerau and Levenshtein).
 */
function edits(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let above = Array.from({ length: to.length + 1 }, (_, place) => place);
  let beforeAbove: number[] = [];
  let leastBefore = 0;
  for (let row = 1; row <= from.length; row++) {
    const own = [row];
    let least = row;
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? limit) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwapped =
        column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1] && row > 1;
      const count = Math.min(
        replaced,
        (above[column] ?? limit) + 1,
        (own[column - 1] ?? limit) + 1,
        isSwapped ? (beforeAbove[column - 2] ?? limit) + 1 : limit,
      );
      own.push(count);
      least = Math.min(least, count);
    }
    if (least >= limit && leastBefore >= limit) return limit;
    leastBefore = least;
    [beforeAbove, above] = [above, own];
  }
  return Math.min(limit, above[to.length] ?? limit);
}
