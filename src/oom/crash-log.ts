import { openLog } from "../base/byte-source.js";
import { BytesperError } from "../base/errors.js";
import { bytesWithBinaryUnit as size } from "../base/format.js";
import type { EstimateOptions, ModelShape } from "../model/index.js";
import { estimate } from "../model/index.js";
import type { Calibration, Crash } from "./crash.js";
import { calibrate, crashIn, pruneTo } from "./crash.js";
import { withoutLadders } from "./groups.js";
import { scanLog } from "./scan.js";

/** What the crash of a log tells of another prompt of the same model. */
export interface CrashAdvice {
  crash: Crash;
  calibration: Calibration;
  /** The tokens that are asked about, and what they need with what the crash shows beyond the estimate. */
  tokens: number;
  estimatedBytes: number;
  /** The difference taken in proportion to the tokens, and whole; equal if the estimate is not too small. */
  leastNeededBytes: number;
  mostNeededBytes: number;
  /** Null where it fits only if the difference grows with the prompt. */
  fits: boolean | null;
  message: string;
}

/** The first crash of a log that says what the process held on its card. */
export async function readCrash(path: string): Promise<Crash> {
  const { reports, quoted, facts } = await scanLog(
    await openLog(path, (message) => {
      process.stderr.write(`${message}\n`);
    }),
  );
  // Whoever names the log of a crash means what stands in it.
  const all = reports.length === 0 ? quoted : reports;
  if (all.length === 0)
    throw new BytesperError(
      "BAD_INPUT",
      `${path} holds no out-of-memory report; give the log of the run that died.`,
    );
  for (const { record, facts: before } of withoutLadders(all)) {
    const crash = crashIn(record, (before.inputTokens ?? facts.inputTokens)?.last);
    if (crash !== undefined) return crash;
  }
  throw new BytesperError(
    "BAD_INPUT",
    `No report in ${path} says what its process held on a card and how large the card is, so there is nothing to compare with; bytesper explain-oom ${path} says what they do tell.`,
  );
}

/** Compares the crash with a model's estimate, and says what `options.tokens` would need. */
export function afterCrash(
  model: ModelShape,
  crash: Crash,
  options: Omit<EstimateOptions, "capacityBytes">,
): CrashAdvice {
  const { tokens } = options;
  // A log without a count of tokens is taken to be of the prompt that is asked about.
  const calibration = calibrate(model, crash, options);
  const estimatedBytes = estimate(model, options).totalBytes;
  const surplus = Math.max(0, calibration.beyondBytes);
  const needs = [estimatedBytes + surplus, estimatedBytes + (surplus * tokens) / calibration.tokens].sort(
    (one, other) => one - other,
  );
  const [leastNeededBytes = estimatedBytes, mostNeededBytes = estimatedBytes] = needs.map(Math.round);
  const { availableBytes } = crash;
  const fits = mostNeededBytes <= availableBytes ? true : leastNeededBytes > availableBytes ? false : null;
  const need =
    size(leastNeededBytes) === size(mostNeededBytes)
      ? size(mostNeededBytes)
      : `${size(leastNeededBytes)} to ${size(mostNeededBytes)}`;
  const verdict =
    fits === true
      ? "they fit"
      : fits === false
        ? "they do not fit"
        : "they fit only if the difference grows with the prompt";
  const prune = pruneTo(calibration);
  const action =
    fits === false && prune !== undefined && prune.tokens < tokens ? ` Prune to ${prune.text}.` : "";
  return {
    crash,
    calibration,
    tokens,
    estimatedBytes,
    leastNeededBytes,
    mostNeededBytes,
    fits,
    message: `${calibration.message} By the same difference, ${tokens.toLocaleString("en-US")} tokens need ${need} of the ${size(availableBytes)} that the process could have: ${verdict}.${action}`,
  };
}

/** The memory that a crash leaves for what the estimate counts. */
export function capacityAfter({ availableBytes }: Crash, { beyondBytes }: Calibration): number {
  return Math.max(0, availableBytes - Math.max(0, beyondBytes));
}
