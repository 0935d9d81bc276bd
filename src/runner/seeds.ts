import { createHash } from "node:crypto";
import type { Factors, Level } from "../experiment/define.js";
import { ownValue } from "../base/own-value.js";

/** Seeds of generators have 31 bits or more in every language that was looked at. */
const BITS = 31;

/**
 * The seed of one repetition, counted from 0. The first has the level of a factor named "seed", or the seed of the run
 * where there is no such factor. Each further one has a number made from that and from its place: added up instead, the
 * repetitions of seed 1 would be those of seed 2 as well.
 */
export function seedOf(
  factors: Factors,
  runSeed: number,
  repetition: number,
  seeds: "different" | "same" = "different",
): Level {
  const first = ownValue(factors, "seed") ?? runSeed;
  return repetition === 0 || seeds === "same" ? first : derived([first, repetition]);
}

/** The same as a number, for modules: {@link seedOf} gives a text as it is. */
export function numberSeedOf(...given: Parameters<typeof seedOf>): number {
  const seed = seedOf(...given);
  return typeof seed === "number" ? seed : derived([seed]);
}

function derived(parts: readonly Level[]): number {
  return createHash("sha256").update(JSON.stringify(parts)).digest().readUInt32BE(0) >>> (32 - BITS);
}
