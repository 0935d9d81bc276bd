import { InvalidArgumentError } from "commander";
import { size } from "./options.js";

/** No device has less: a number that comes to less has lost its unit. */
const LEAST_BYTES = 2 ** 20;

/** Bytes of a device's memory, for commander. */
export function capacity(text: string): number {
  const bytes = size(text);
  if (bytes >= LEAST_BYTES) return bytes;
  throw new InvalidArgumentError(
    `"${text}" is ${bytes} bytes, less than any device has; give the unit too, such as 14.74GiB.`,
  );
}
