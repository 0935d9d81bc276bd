import { BytesperError } from "../base/errors.js";
import { sizeOf } from "../base/size.js";

/** Bytes as a number, or a text with its unit such as `"8 kB"` (1000) or `"7.5 KiB"` (1024). */
export type Amount = number | string;

/** Bytes of an amount. Throws `USAGE`; `what` names the argument in the message. */
export function bytesOf(amount: Amount, what: string): number {
  const bytes = typeof amount === "string" ? sizeOf(amount) : amount;
  if (Number.isFinite(bytes) && bytes >= 0) return bytes;
  throw new BytesperError(
    "USAGE",
    `${what} is ${typeof amount === "string" ? JSON.stringify(amount) : String(amount)}; give bytes as a number from 0, or a text with B, kB, MB, GB, KiB, MiB or GiB, such as "8 kB".`,
  );
}
