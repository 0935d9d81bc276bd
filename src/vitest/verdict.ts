/**
 * Whether the measured value meets the limit. "undecided": the interval contains values on both sides of it.
 */
export type Verdict = "kept" | "broken" | "undecided";

export interface Measured {
  value: number;
  low: number;
  high: number;
}

/** The whole interval must be on one side of the limit. A difference that cannot be detected is ignored. */
export function atMost(measured: Measured, limit: number, detectable: number): Verdict {
  if (measured.high <= limit + detectable) return "kept";
  return measured.low > limit + detectable ? "broken" : "undecided";
}

export function within(measured: Measured, expected: number, tolerance: number, detectable: number): Verdict {
  const room = tolerance + detectable;
  if (measured.low >= expected - room && measured.high <= expected + room) return "kept";
  return measured.low > expected + room || measured.high < expected - room ? "broken" : "undecided";
}
