import { BytesperError } from "../../base/errors.js";
import { compareResults } from "./compare.js";
import type { ComparisonReport } from "./page.js";
import { readResults, requireTwo } from "./read.js";

/** Compares two result files or folders, experiment by experiment. Throws `BAD_INPUT`, `BAD_RESULT` and `USAGE`. */
export function compareSets(base: string, next: string): ComparisonReport {
  requireTwo(base, next);
  const before = readResults(base, "BASE");
  const after = readResults(next, "NEW");
  const comparisons = [...after].flatMap(([name, result]) => {
    const own =
      before.get(name) ?? (before.size === 1 && after.size === 1 ? [...before.values()][0] : undefined);
    return own === undefined ? [] : [compareResults(own, result)];
  });
  if (comparisons.length === 0)
    throw new BytesperError(
      "BAD_INPUT",
      `${base} and ${next} have no experiment in common: ${[...before.keys()].join(", ")} and ${[...after.keys()].join(", ")}.`,
    );
  const isPair = before.size === 1 && after.size === 1;
  return {
    base,
    new: next,
    comparisons,
    onlyInBase: isPair ? [] : [...before.keys()].filter((name) => !after.has(name)),
    onlyInNew: isPair ? [] : [...after.keys()].filter((name) => !before.has(name)),
  };
}
