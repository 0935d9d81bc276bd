import { bytesIn, fixed } from "../../base/format.js";
import type { Result } from "../../record/schema.js";
import { KERNEL, NATIVE } from "../../record/total.js";
import { isAbsent } from "../../system/probe/reading.js";
import { visible } from "../../base/table/visible.js";
import type { PartDifference, Parts } from "./parts.js";
import { newDictionaries } from "./parts.js";

/** The sentence names at most this many parts and adds up the rest. */
const MOST_PARTS = 3;
/** Leaves out parts smaller than this share of the difference: they do not explain it. */
const LEAST_SHARE = 0.01;

/** Why a unit costs more or less, such as "+48 bytes per session: `Session` 56 -> 104". */
export function causeSentence(unit: string, parts: Parts): string {
  const { differenceBytes, classes, restBytes } = parts;
  const least = LEAST_SHARE * Math.abs(differenceBytes);
  const shown = classes.filter((part) => Math.abs(part.differenceBytes) >= least).slice(0, MOST_PARTS);
  const named = shown.map(partText);
  const other = classes.filter((part) => !shown.includes(part));
  const otherBytes = other.reduce((sum, part) => sum + part.differenceBytes, 0);
  if (Math.abs(otherBytes) >= least && otherBytes !== 0)
    named.push(
      `${signedBytes(otherBytes)} in ${other.length} other ${other.length === 1 ? "class" : "classes"}`,
    );
  if (Math.abs(restBytes) >= Math.max(least, 0.05))
    named.push(`${signedBytes(restBytes)} that the snapshots do not show`);
  const became = newDictionaries(parts).map(
    (name) => `the hidden class of ${code(name)} became a dictionary`,
  );
  const why = [...named, ...became].join("; ") || "no class changed";
  return `${signedBytes(differenceBytes)} bytes per ${unit}: ${why}`;
}

function partText({ name, baseBytes, newBytes, baseCount, newCount }: PartDifference): string {
  const bytes = `${code(name)} ${shownBytes(baseBytes)} -> ${shownBytes(newBytes)}`;
  if (baseCount === newCount || baseCount === 0 || newCount === 0) return bytes;
  return `${bytes} (${count(baseCount)} -> ${count(newCount)} of them)`;
}

/** The classes with the most bytes, and beside them the memory that no snapshot shows. */
export function largestParts({ breakdown, fit }: Result): string {
  const outside = isAbsent(fit)
    ? []
    : (fit.parts ?? []).filter(({ name }) => name === NATIVE || name === KERNEL);
  return [...breakdown, ...outside.map(({ name, bytes }) => ({ type: name, bytes }))]
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_PARTS)
    .map(
      ({ type, bytes }) => `${type === NATIVE || type === KERNEL ? type : code(type)} ${shownBytes(bytes)}`,
    )
    .join(", ");
}

export function signedBytes(bytes: number): string {
  const shown = shownBytes(Math.abs(bytes));
  return bytes === 0 || /^[0.]+$/.test(shown) ? "0" : `${bytes < 0 ? "-" : "+"}${shown}`;
}

function shownBytes(bytes: number): string {
  // These are sums of quotients of exact counts. A tiny distance from a whole number is a rounding error.
  const whole = Math.round(bytes);
  return bytesIn(Math.abs(bytes - whole) < 1e-6 ? whole : bytes, "B", 0.1);
}

function count(value: number): string {
  return fixed(value, Number.isInteger(value) ? 0 : 2);
}

function code(name: string): string {
  return `\`${visible(name)}\``;
}
