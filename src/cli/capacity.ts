import { InvalidArgumentError } from "commander";
import { size } from "./options.js";

/** Every device has more memory. A smaller number probably lacks its unit. */
const LEAST_BYTES = 2 ** 20;

export function capacity(text: string): number {
  const bytes = size(text);
  if (bytes >= LEAST_BYTES) return bytes;
  throw new InvalidArgumentError(
    `"${text}" is ${bytes} bytes, less than any device has; give the unit too, such as 14.74GiB.`,
  );
}
