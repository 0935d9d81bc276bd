import { BytesperError } from "../base/errors.js";
import { parseSize } from "../base/size.js";
import type { Estimate } from "./estimate.js";

/** A published or logged size of a cache beside the one that the formula gives. */
export interface PublishedComparison {
  /** The figure as it was given. */
  published: string;
  /** The sizes that round to this figure: half of the last digit in both directions. */
  lowBytes: number;
  highBytes: number;
  computedBytes: number;
  agrees: boolean;
  /** Absent if the model caches nothing. */
  publishedOverComputed?: number;
  /** Another size of the same cache that the figure matches; absent if it matches none. */
  isInstead?: string;
}

/** Compares a figure such as "15.62GiB" with the cache of an estimate. Throws `USAGE` if it is not a size. */
export function comparePublished(published: string, estimate: Estimate): PublishedComparison {
  const { low, high } = rangeOf(published);
  const { kvBytes, kvFullLengthBytes, kvExpandedBytesPerToken, batch, tokens } = estimate;
  const within = (bytes: number): boolean => bytes >= low && bytes <= high;
  const others: [string, number | undefined][] = [
    ["what runtimes take that keep every token in every layer", kvFullLengthBytes],
    [
      "what runtimes take that cache keys and values expanded",
      kvExpandedBytesPerToken === undefined ? undefined : batch * tokens * kvExpandedBytesPerToken,
    ],
    ["that of one of the sequences", batch === 1 ? undefined : kvBytes / batch],
    // Ranks that share the layers have a part of the heads each.
    ...[2, 4, 8, 16, 32, 64].map((ranks): [string, number] => [
      `what one of ${ranks} ranks has that share it (--tensor-parallel ${ranks})`,
      kvBytes / ranks,
    ]),
  ];
  const agrees = within(kvBytes);
  const isInstead = others.find(([, bytes]) => bytes !== undefined && within(bytes))?.[0];
  return {
    published,
    lowBytes: low,
    highBytes: high,
    computedBytes: kvBytes,
    agrees,
    ...(kvBytes === 0 ? {} : { publishedOverComputed: (low + high) / 2 / kvBytes }),
    ...(agrees || isInstead === undefined ? {} : { isInstead }),
  };
}

/** The sizes that are printed like this. Both ends belong to it, because a tie may be rounded up or down. */
function rangeOf(text: string): { low: number; high: number } {
  const [, digits, decimals = "", unit] = /^\s*(\d+(?:\.(\d+))?)\s*(B|[kMGT]B|[KMGT]iB)\s*$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined)
    throw new BytesperError(
      "USAGE",
      `"${text}" is not a size as it is published; give it with its unit, such as 15.62GiB, 800KiB or 819.2kB.`,
    );
  const half = 10 ** -decimals.length / 2;
  // Far below a byte; allows for halves that are not exact in binary.
  const slack = 1e-9;
  const bytesPerUnit = parseSize(`1${unit}`);
  return {
    low: (Number(digits) - half - slack) * bytesPerUnit,
    high: (Number(digits) + half + slack) * bytesPerUnit,
  };
}
