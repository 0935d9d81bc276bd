/** A source could not answer; `absent` says why, as a clause that can follow "absent: ". */
export interface Absent {
  absent: string;
}

/** What one source said: a number in the unit that its name carries, or why there is none. Never 0 for unknown. */
export type Reading = number | Absent;

export function absent(reason: string): Absent {
  return { absent: reason };
}

export function isAbsent(value: unknown): value is Absent {
  return typeof value === "object" && value !== null && "absent" in value;
}

/** The change from `before` to `after`; absent when either side is. */
export function change(before: Reading, after: Reading): Reading {
  if (isAbsent(before)) return before;
  if (isAbsent(after)) return after;
  return after - before;
}
