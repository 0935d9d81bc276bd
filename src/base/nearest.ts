/** Candidates beyond this are no slip of the fingers any more. */
const MOST_EDITS_SHARE = 0.4;

/** The candidate that the fewest edits make of `text`, unless it is another word altogether. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(text.length * MOST_EDITS_SHARE)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) >= fewest) continue;
    const count = edits(text.toLowerCase(), candidate.toLowerCase(), fewest);
    if (count < fewest) [best, fewest] = [candidate, count];
  }
  return best;
}

/** " (did you mean X?)", or nothing. */
export function suggestion(text: string, candidates: Iterable<string>): string {
  const near = nearest(text, candidates);
  return near === undefined ? "" : `; the nearest is ${near}`;
}

/** Levenshtein's distance, or `limit` where it is at least that. */
function edits(a: string, b: string, limit: number): number {
  let above = Array.from({ length: b.length + 1 }, (_, place) => place);
  for (let row = 1; row <= a.length; row++) {
    const own = [row];
    let least = row;
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const count = Math.min(
        (above[column] ?? limit) + 1,
        (own[column - 1] ?? limit) + 1,
        (above[column - 1] ?? limit) + same,
      );
      own.push(count);
      least = Math.min(least, count);
    }
    if (least >= limit) return limit;
    above = own;
  }
  return above[b.length] ?? limit;
}
