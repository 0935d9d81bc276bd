import { InvalidArgumentError } from "commander";
import { parseSize } from "../base/size.js";

/** Parser of a whole number of at least `least`, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
  };
}

export function list(text: string): string[] {
  const words = text.split(",").filter((word) => word !== "");
  if (words.length > 0) return words;
  throw new InvalidArgumentError("Expected at least one name.");
}

/** Parses a size such as 14.74GiB into bytes, for commander. */
export function size(text: string): number {
  try {
    return parseSize(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write("\nInterrupted: finishing what is under way; once more ends at once.\n");
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}
