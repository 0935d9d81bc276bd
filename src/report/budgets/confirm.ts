import type { Finding } from "./judge.js";

/** A budget after one measurement, or after two if the first was over it. */
export interface Confirmed {
  first: Finding;
  second?: Finding;
  verdict: "within" | "over" | "unknown";
  /** Why the memory grew, if that is known. */
  cause?: string;
}

/** A budget fails only if both measurements are over it. */
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
