import { smallestOf } from "../base/stats/extremes.js";

/** A set of strings that are found in one pass over bytes; upper and lower case are equal. */
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

/**
 * This bit makes letters lower case. It also makes some signs equal, but no needle contains both of such a
 * pair.
 */
const FOLD = 0x20;
/** These bits of a byte are enough to tell letters apart, in upper or lower case. */
const LOW = 31;
const BLOCK = 3;
/** Number of values of a block's hash. */
const BLOCKS = 1 << 15;

/**
 * The search of Wu and Manber ("A fast algorithm for multi-pattern searching", 1994) with blocks of three
 * bytes. It looks at the last block of a window that is as long as the shortest needle, and moves on as far
 * as that block allows. So most bytes are never read. One pass finds all needles; Buffer.indexOf would need
 * one pass for each.
 */
export function needleSet(needles: readonly string[]): NeedleSet {
  const folded = needles.map((needle) =>
    Uint8Array.from(Buffer.from(needle, "latin1"), (byte) => byte | FOLD),
  );
  const window = smallestOf(folded.map(({ length }) => length));
  if (window < BLOCK) throw new RangeError(`a needle must have ${BLOCK} bytes at least`);
  const { shifts, onwards, first, candidates, heads } = tables(folded, window);
  return {
    search(bytes, from, to, end, found) {
      const stop = Math.min(to + window - 1, end);
      let last = from + window - 1;
      // The indices are in bounds, since from + 2 <= last < stop. Reads without a check make the loop fast.
      while (last < stop) {
        const block = hash(bytes[last - 2] as number, bytes[last - 1] as number, bytes[last] as number);
        const shift = shifts[block] as number;
        if (shift > 0) {
          last += shift;
          continue;
        }
        const at = last - window + 1;
        const head = headOf(bytes[at] as number, bytes[at + 1] as number);
        const next = first[block + 1] as number;
        for (let index = first[block] as number; index < next; index += 1) {
          if (head !== heads[index]) continue;
          const needle = candidates[index] as number;
          const wanted = folded[needle] as Uint8Array;
          if (at + wanted.length <= end && matches(bytes, at, wanted)) found(at, needle);
        }
        last += onwards[block] as number;
      }
    },
  };
}

interface Tables {
  /** For each block, how far the window may move; 0 if a needle may begin with the block. */
  shifts: Uint8Array;
  /** The same, for use after those needles were compared. */
  onwards: Uint8Array;
  /** For each block, the index in `candidates` where its needles begin; the next entry is their end. */
  first: Uint16Array;
  candidates: Uint16Array;
  /** The first two bytes of each candidate. Comparing them first rejects most places. */
  heads: Uint16Array;
}

function tables(folded: readonly Uint8Array[], window: number): Tables {
  const shifts = new Uint8Array(BLOCKS).fill(window - BLOCK + 1);
  const onwards = new Uint8Array(BLOCKS).fill(window - BLOCK + 1);
  const ending: number[][] = [];
  for (const [needle, bytes] of folded.entries()) {
    for (let last = BLOCK - 1; last < window; last += 1) {
      const block = hash(bytes[last - 2] ?? 0, bytes[last - 1] ?? 0, bytes[last] ?? 0);
      const distance = window - 1 - last;
      shifts[block] = Math.min(shifts[block] ?? 0, distance);
      if (distance === 0) (ending[block] ??= []).push(needle);
      else onwards[block] = Math.min(onwards[block] ?? 0, distance);
    }
  }
  const first = new Uint16Array(BLOCKS + 1);
  const candidates: number[] = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    first[block] = candidates.length;
    candidates.push(...(ending[block] ?? []));
  }
  first[BLOCKS] = candidates.length;
  const heads = Uint16Array.from(candidates, (needle) =>
    headOf(folded[needle]?.[0] ?? 0, folded[needle]?.[1] ?? 0),
  );
  return { shifts, onwards, first, candidates: Uint16Array.from(candidates), heads };
}

function hash(first: number, second: number, third: number): number {
  return ((first & LOW) << 10) | ((second & LOW) << 5) | (third & LOW);
}

function headOf(first: number, second: number): number {
  return ((first | FOLD) << 8) | second | FOLD;
}

function matches(bytes: Buffer, at: number, needle: Uint8Array): boolean {
  for (let index = 0; index < needle.length; index += 1)
    if (((bytes[at + index] as number) | FOLD) !== needle[index]) return false;
  return true;
}
