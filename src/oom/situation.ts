import type { Situation } from "./advice.js";
import type { Hypothesis } from "./hypotheses.js";

/** Whether the traceback above a report is of training. */
export function isTraining({ record }: Situation): boolean {
  return record.details.phase === "training";
}

/** How many bytes were missing; undefined if the text does not tell, or if enough was free. */
export function shortBytes({ balance: { requested, free } }: Situation): number | undefined {
  return requested === undefined || free === undefined || free >= requested ? undefined : requested - free;
}

/**
 * The hypotheses that fit the token count in the log. If the log has none, or no hypothesis fits, all that
 * are not ruled out.
 */
export function likelyTensors(hypotheses: readonly Hypothesis[]): readonly Hypothesis[] {
  const possible = hypotheses.filter(
    ({ allowedByRounding, plausibility }) =>
      allowedByRounding && plausibility !== "beyond-model" && plausibility !== "far",
  );
  const asLogged = possible.filter(({ plausibility }) => plausibility === "as-logged");
  return asLogged.length > 0 ? asLogged : possible;
}
