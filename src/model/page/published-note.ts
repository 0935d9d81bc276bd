import type { Estimate } from "../estimate.js";
import type { PublishedComparison } from "../published.js";
import { bytesWithBinaryUnit, fixed, ratio } from "../../base/format.js";

/** One or two sentences on whether a published size of the cache agrees with the formula. */
export function publishedNote(comparison: PublishedComparison, { tokens, batch }: Estimate): string {
  const { published, agrees, computedBytes, publishedOverComputed, isInstead } = comparison;
  const of = `${batch === 1 ? "" : `${fixed(batch, 0)} sequences of `}${fixed(tokens, 0)} ${tokens === 1 ? "token" : "tokens"}`;
  const computed = `the cache of ${of} takes ${fixed(computedBytes, 0)} B (${bytesWithBinaryUnit(computedBytes)})`;
  if (agrees) return `Published ${published}: agrees to the digits printed; ${computed}.`;
  const times =
    publishedOverComputed === undefined ? "" : `, ${ratio(publishedOverComputed)} times the formula`;
  const instead = isInstead === undefined ? "" : ` It is ${isInstead}.`;
  return `Published ${published}: not what the config gives${times}; ${computed}.${instead}`;
}
