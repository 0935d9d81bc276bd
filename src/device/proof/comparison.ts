import type { Dtype, TensorData } from "../attention.js";
import { ERROR_LIMITS, numbersOf, relativeError } from "../self-check.js";

/** The largest relative error of what was compared, or what is wrong. */
export type Finding = { error: number } | { fault: string };

/**
 * The relative error of an output that was filled with NaN before its launch, or what is wrong with it.
 *
 * @param where the setting in words, such as "over a paged cache"
 */
export function compareOutput(
  output: TensorData | undefined,
  truth: Float32Array,
  { dtype, where }: { dtype: Dtype; where: string },
): Finding {
  const numbers = numbersOf(output, dtype);
  const notWritten = numbers.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  if (notWritten > 0) return { fault: `${notWritten} numbers of its output are missing ${where}` };
  const error = relativeError(numbers, truth);
  if (error <= ERROR_LIMITS[dtype]) return { error };
  return { fault: `it is off by ${error.toExponential(1)} ${where}, and ${ERROR_LIMITS[dtype]} is allowed` };
}
