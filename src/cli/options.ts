import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { parseSize } from "../base/size.js";
import { printMessage } from "./print.js";

/** Parser of a whole number of at least `least`, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
  };
}

/** Most processes that one command may be told to start one after the other. */
const MOST_TRIALS = 1_000_000;

/** Parser of a number of trials, for commander. */
export function trialCount(text: string): number {
  return atMost(wholeNumber(1)(text), MOST_TRIALS, "trials");
}

/** Node's timers take at most 2^31 - 1 ms, and a longer one would fire at once. */
const MOST_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** Parser of a whole number of seconds, for commander. */
export function wholeSeconds(text: string): number {
  return atMost(wholeNumber(1)(text), MOST_SECONDS, "seconds");
}

export function atMost(value: number, most: number, what: string): number {
  if (value <= most) return value;
  throw new InvalidArgumentError(`Expected at most ${most.toLocaleString("en-US")} ${what}.`);
}

/** Options of all commands that measure populations. */
export function addMeasuringOptions(command: Command): Command {
  return command
    .option(
      "--import <module>",
      "load this module first in each measured process, such as a loader of your own; may be repeated",
      (module: string, before: string[]) => [...before, module],
      [],
    )
    .option("--recalibrate", "calibrate again, though the same programs did so on this machine within a day");
}

export interface MeasuringFlags {
  import: string[];
  recalibrate?: boolean;
}

export function measuringOptions(flags: MeasuringFlags): { imports: string[]; recalibrate: boolean } {
  return { imports: flags.import, recalibrate: flags.recalibrate === true };
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
    printMessage("\nInterrupted: finishing what is under way; interrupt again to end at once.");
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}
