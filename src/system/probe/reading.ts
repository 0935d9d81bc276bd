/** A value that a source could not give. `absent` says why, as a clause that can follow "absent: ". */
export interface Absent {
  absent: string;
}

/**
 * A value of one source: a number in the unit that its name says, or the reason why there is none. An unknown
 * value is never 0.
 */
export type Reading = number | Absent;

export function absent(reason: string): Absent {
  return { absent: reason };
}

export function isAbsent(value: unknown): value is Absent {
  return typeof value === "object" && value !== null && "absent" in value;
}

/** The change from `before` to `after`; absent if one of them is. */
export function change(before: Reading, after: Reading): Reading {
  if (isAbsent(before)) return before;
  if (isAbsent(after)) return after;
  return after - before;
}
