/** Whether what was measured keeps a promise; "undecided" where the interval lies on both sides. */
export type Verdict = "kept" | "broken" | "undecided";

export interface Measured {
  value: number;
  low: number;
  high: number;
}

/** The whole interval must lie on one side of the limit, give or take what cannot be detected. */
export function atMost(measured: Measured, limit: number, detectable: number): Verdict {
  if (measured.high <= limit + detectable) return "kept";
  return measured.low > limit + detectable ? "broken" : "undecided";
}

export function within(measured: Measured, expected: number, tolerance: number, detectable: number): Verdict {
  const room = tolerance + detectable;
  if (measured.low >= expected - room && measured.high <= expected + room) return "kept";
  return measured.low > expected + room || measured.high < expected - room ? "broken" : "undecided";
}
