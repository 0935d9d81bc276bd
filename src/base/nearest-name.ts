/** The candidate that was probably meant, or undefined where none is near. */
export function nearestName(given: string, candidates: Iterable<string>): string | undefined {
  const wanted = given.toLowerCase();
  let best: string | undefined;
  // A third of the letters may be wrong: more would suggest words that have nothing in common.
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  let containing: string | undefined;
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase();
    const distance = editDistance(wanted, lower);
    if (distance < least) [best, least] = [candidate, distance];
    if (wanted.length >= 4 && lower.includes(wanted)) containing ??= candidate;
  }
  return best ?? containing;
}

/** Insertions, removals and replacements that turn one word into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
