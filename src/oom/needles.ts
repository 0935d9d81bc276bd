/** A set of strings that are found in one pass over bytes, whatever the case of their letters. */
export interface NeedleSet {
  /** Calls `found` for each hit that starts in [from, to), in order; a hit may reach up to `end`. */
  search(
    bytes: Buffer,
    from: number,
    to: number,
    end: number,
    found: (at: number, needle: number) => void,
  ): void;
}

/** Makes the letters lower case, and some signs equal that stand in no needle together. */
const FOLD = 0x20;
/** Enough of a byte to tell letters apart, in either case. */
const LOW = 31;
const BLOCK = 3;

/**
 * The search of Wu and Manber ("A fast algorithm for multi-pattern searching", 1994) with blocks of three bytes: it
 * looks at the block that ends a window as long as the shortest needle and moves on as far as that block allows,
 * so that most bytes are never read. One pass serves all needles; a Buffer.indexOf for each would take as many.
 */
export function needleSet(needles: readonly string[]): NeedleSet {
  const folded = needles.map((needle) =>
    Uint8Array.from(Buffer.from(needle, "latin1"), (byte) => byte | FOLD),
  );
  const window = Math.min(...folded.map(({ length }) => length));
  if (window < BLOCK) throw new RangeError(`a needle must have ${BLOCK} bytes at least`);
  const shifts = new Uint8Array(1 << 15).fill(window - BLOCK + 1);
  const buckets: number[][] = [];
  for (const [index, bytes] of folded.entries()) {
    for (let last = BLOCK - 1; last < window; last += 1) {
      const block = hash(bytes[last - 2] ?? 0, bytes[last - 1] ?? 0, bytes[last] ?? 0);
      shifts[block] = Math.min(shifts[block] ?? 0, window - 1 - last);
      if (last === window - 1) (buckets[block] ??= []).push(index);
    }
  }
  return {
    search(bytes, from, to, end, found) {
      const stop = Math.min(to + window - 1, end);
      let last = from + window - 1;
      while (last < stop) {
        // In bounds, since from + 2 <= last < stop: reads without a fallback are what makes the loop fast.
        const block = hash(bytes[last - 2] as number, bytes[last - 1] as number, bytes[last] as number);
        const shift = shifts[block] as number;
        if (shift > 0) {
          last += shift;
          continue;
        }
        const at = last - window + 1;
        for (const index of buckets[block] ?? []) {
          const needle = folded[index];
          if (needle !== undefined && at + needle.length <= end && matches(bytes, at, needle))
            found(at, index);
        }
        last += 1;
      }
    },
  };
}

function hash(first: number, second: number, third: number): number {
  return ((first & LOW) << 10) | ((second & LOW) << 5) | (third & LOW);
}

function matches(bytes: Buffer, at: number, needle: Uint8Array): boolean {
  for (let index = 0; index < needle.length; index += 1)
    if (((bytes[at + index] ?? 0) | FOLD) !== needle[index]) return false;
  return true;
}
