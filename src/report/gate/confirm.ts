import type { Finding } from "./judge.js";

/** A budget after one measurement, or after two where the first was over it. */
export interface Confirmed {
  first: Finding;
  /** The measurement in fresh processes; absent where the first kept the budget. */
  second?: Finding;
  verdict: "within" | "over" | "unknown";
  /** Why it grew, where that is known. */
  cause?: string;
}

/** A budget fails only where both measurements are over it. */
export function confirm(first: readonly Finding[], second: readonly Finding[]): Confirmed[] {
  return first.map((finding) => {
    if (finding.verdict !== "over") return { first: finding, verdict: finding.verdict };
    const again = second.find(
      ({ experiment, key }) => experiment === finding.experiment && key === finding.key,
    );
    if (again === undefined) return { first: finding, verdict: "over" };
    return { first: finding, second: again, verdict: again.verdict };
  });
}
