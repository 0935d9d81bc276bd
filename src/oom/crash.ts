import { bytesWithBinaryUnit as size } from "../base/format.js";
import type { AttentionImplementation, Estimate, EstimateOptions, ModelShape } from "../model/index.js";
import { CONTEXT_BYTES, estimate } from "../model/index.js";
import { balanceOf } from "./balance.js";
import { isHost } from "./diagnosis/diagnosis.js";
import { frameworkOf } from "./frameworks.js";
import type { OomRecord } from "./record.js";

/** What a report tells of a process that died on a card. */
export interface Crash {
  line: number;
  /** Tokens that the log shows last before the report, or that the report itself names. */
  tokens: number | null;
  /** What the process held when it was refused. */
  heldBytes: number;
  requestedBytes: number;
  /** What the process could have had: what it held and what was free. */
  availableBytes: number;
  totalBytes: number;
}

/** A crash beside what a model's estimate says of it. */
export interface Calibration {
  tokens: number;
  attention: AttentionImplementation;
  /** What the process held, with what it was refused. */
  neededBytes: number;
  estimatedBytes: number;
  weightsBytes: number;
  kvBytes: number;
  /** What was needed beyond weights, cache and the estimate's activations; negative if the estimate has more. */
  beyondBytes: number;
  availableBytes: number;
  /** The longest prompt that would have fitted if what is beyond does not shrink with it; 0 if none. */
  fittingTokens: number;
  /** The same if it shrinks in proportion to the prompt. */
  mostFittingTokens: number;
  message: string;
}

/** The evidence in a report; undefined where it does not say what the process held, or is of main memory. */
export function crashIn(record: OomRecord, tokens: number | undefined): Crash | undefined {
  if (
    isHost(record) ||
    frameworkOf(record.framework).memory === "host" ||
    record.details.warningOnly === true
  )
    return undefined;
  const { requested, total, free, allocated, unallocated = 0 } = balanceOf(record);
  const own =
    record.processScope === "this" && record.processInUseBytes !== 0 ? record.processInUseBytes : null;
  const held = own ?? (allocated === undefined ? undefined : allocated + unallocated);
  if (held === undefined || requested === undefined || total === undefined || held > total) return undefined;
  // Without the driver's count the context is not in what the allocator holds.
  const process = own === null ? held + CONTEXT_BYTES : held;
  return {
    line: record.line,
    tokens: tokens ?? null,
    heldBytes: process,
    requestedBytes: requested,
    availableBytes: Math.min(total, process + (free ?? 0)),
    totalBytes: total,
  };
}

/**
 * What the estimate of a model leaves out or has too much, by a crash. `options` are those of the run that died;
 * its tokens, where the log does not show them.
 */
export function calibrate(
  model: ModelShape,
  crash: Crash,
  options: Omit<EstimateOptions, "capacityBytes">,
): Calibration {
  const tokens = crash.tokens ?? options.tokens;
  const { attention = "flash", sharedPrefix } = options;
  const at = (count: number): Estimate =>
    estimate(model, {
      ...options,
      attention,
      tokens: count,
      ...(sharedPrefix === undefined ? {} : { sharedPrefix: Math.min(sharedPrefix, count) }),
    });
  const found = at(tokens);
  const neededBytes = crash.heldBytes + crash.requestedBytes;
  const beyondBytes = neededBytes - found.totalBytes;
  const surplus = Math.max(0, beyondBytes);
  const fits = (count: number, beyond: number): boolean =>
    at(count).totalBytes + beyond <= crash.availableBytes;
  const shared = {
    tokens,
    attention,
    neededBytes,
    estimatedBytes: found.totalBytes,
    weightsBytes: found.weightsBytes,
    kvBytes: found.kvBytes,
    beyondBytes,
    availableBytes: crash.availableBytes,
    fittingTokens: largestBelow(tokens, (count) => fits(count, surplus)),
    mostFittingTokens: largestBelow(tokens, (count) => fits(count, (surplus * count) / tokens)),
  };
  return { ...shared, message: sentence(shared) };
}

/**
 * The prompt that would have fitted, as an action; undefined if none would. Where the two ways to take the difference
 * are far apart, the smaller count helps nobody, and the larger is only a bound.
 */
export function pruneTo({
  fittingTokens,
  mostFittingTokens,
}: Calibration): { tokens: number; text: string } | undefined {
  if (mostFittingTokens === 0) return undefined;
  const isBound = 2 * fittingTokens < mostFittingTokens;
  const tokens = isBound ? mostFittingTokens : fittingTokens;
  return { tokens, text: `${tokens.toLocaleString("en-US")} tokens${isBound ? " or fewer" : ""}` };
}

/** The largest count below `limit` that fits; the count that failed did not fit, whatever an estimate says. */
function largestBelow(limit: number, fits: (count: number) => boolean): number {
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function sentence({
  tokens,
  neededBytes,
  estimatedBytes,
  weightsBytes,
  kvBytes,
  beyondBytes,
  fittingTokens,
  mostFittingTokens,
}: Omit<Calibration, "message">): string {
  const count = (value: number): string => value.toLocaleString("en-US");
  const parts = `weights ${size(weightsBytes)}, cache ${size(kvBytes)}`;
  const difference =
    Math.abs(beyondBytes) < 0.05 * neededBytes
      ? "which agrees within 5 %"
      : beyondBytes > 0
        ? `${size(beyondBytes)} less: the rest is not this model at these tokens (another dtype, a second model or sequence, states of training, tensors kept)`
        : `${size(-beyondBytes)} more: the process died before its peak, or runs with smaller weights than the model states`;
  const fits =
    mostFittingTokens === 0
      ? "With that, no prompt would have fitted: pruning does not help, less memory elsewhere does."
      : fittingTokens === mostFittingTokens
        ? `With that, ${count(fittingTokens)} tokens would have fitted.`
        : fittingTokens === 0
          ? `Up to ${count(mostFittingTokens)} tokens would have fitted if the difference grows with the prompt; none if it does not.`
          : `With that, ${count(fittingTokens)} tokens would have fitted, or up to ${count(mostFittingTokens)} if the difference grows with the prompt.`;
  return `At ${count(tokens)} tokens the process needed ${size(neededBytes)}; the model's estimate is ${size(estimatedBytes)} (${parts}), ${difference}. ${fits}`;
}
