import { BytesperError } from "../base/errors.js";
import { parseSize } from "../base/size.js";

/** Bytes as a number, or a text with its unit such as `"8 kB"` (1000) or `"7.5 KiB"` (1024). */
export type Amount = number | string;

/** Bytes of an amount. Throws `USAGE`; `what` names the argument in the sentence. */
export function bytesOf(amount: Amount, what: string): number {
  const bytes = typeof amount === "string" ? bytesOfText(amount) : amount;
  if (Number.isFinite(bytes) && bytes >= 0) return bytes;
  throw new BytesperError(
    "USAGE",
    `${what} is ${typeof amount === "string" ? JSON.stringify(amount) : String(amount)}; give bytes as a number from 0, or a text with B, kB, MB, GB, KiB, MiB or GiB, such as "8 kB".`,
  );
}

/** NaN for what is no amount, so that one sentence serves all; a size of nothing is an amount here. */
function bytesOfText(text: string): number {
  if (/^\s*0+(?:\.0+)?\s*(?:[kKMGT]?i?B)?\s*$/.test(text)) return 0;
  try {
    return parseSize(text);
  } catch {
    return Number.NaN;
  }
}
