import { isAbsent } from "../../system/probe/reading.js";
import { DERIVED_DOUBT_BYTES, detectableBytes } from "../detectable.js";
import { bytesIn, doubtOf, fixed } from "../../base/format.js";
import { BYTES_IN, isByteUnit } from "../../base/size.js";
import type { Result } from "../../record/schema.js";
import { ABSENT_MARK } from "../../base/table/table.js";
import { suggestion } from "../../base/nearest-name.js";
import { MarkerError } from "./problem.js";
import type { Interval } from "../../base/stats/interval.js";
import type { Found, Leaf } from "./value-path.js";

/** The form that a marker asks for: unit, number of decimal places, without the unit, with the range. */
export interface ValueForm {
  unit?: string;
  decimals?: number;
  bare: boolean;
  range: boolean;
}

/** The text of a value, before the writer adds its own formatting. */
export interface ValueText {
  /** The number in readable form, or words. */
  text: string;
  /** Unit after the number, or "". */
  unit: string;
  /** The ends of the interval, if the marker asks for them and they differ. */
  range?: readonly [low: string, high: string];
  /** Only digits, for a program or for \num. */
  bare: boolean;
  /** The value is censored and gets "> " before it. */
  above: boolean;
  /** Whether the text is words, which a writer must escape. */
  isWords: boolean;
  /** Why there is no value. */
  reason?: string;
  /** What the author should know. */
  notice?: string;
}

/** Names for the unit of a share; "percent" exists because TeX takes % as the start of a comment. */
const PERCENT = ["%", "percent"];
const TIMES: Record<string, number> = { ms: 1, s: 1000 };

export function formOf(words: readonly string[]): ValueForm {
  const form: ValueForm = { bare: false, range: false };
  const twice = (word: string): never => {
    throw new MarkerError(
      `${word} says again what the marker has said; a value takes one unit and one number of places.`,
    );
  };
  for (const word of words) {
    if (word === "bare") form.bare = true;
    else if (word === "range") form.range = true;
    else if (/^\d$/.test(word)) form.decimals = form.decimals === undefined ? Number(word) : twice(word);
    else if (isByteUnit(word) || word in TIMES || PERCENT.includes(word))
      form.unit = form.unit === undefined ? word : twice(word);
    else
      throw new MarkerError(
        `${word} is no unit, number of places (0 to 9), bare or range${suggestion(word, [...Object.keys(BYTES_IN), ...Object.keys(TIMES), ...PERCENT, "bare", "range"])}.`,
      );
  }
  return form;
}

/**
 * A value as text. Its digits follow from its uncertainty, unless the marker gives the number of decimal
 * places.
 */
export function valueText(result: Result, { node, field }: Found, form: ValueForm): ValueText {
  if (typeof node === "string" || typeof node === "boolean") return words(String(node), form);
  if (isAbsent(node)) {
    if (form.bare) throw new MarkerError(`A number is needed here and there is none: ${node.absent}.`);
    return {
      text: ABSENT_MARK,
      unit: "",
      bare: false,
      above: false,
      isWords: false,
      reason: `absent: ${node.absent}`,
    };
  }
  const scale = scaleOf(field, form.unit);
  if (typeof node === "object" && "above" in node) {
    if (form.bare)
      throw new MarkerError(`A number is needed here and only a bound is known: ${node.reason}.`);
    const text = scale.text(node.above, 0, form.decimals);
    return {
      text,
      unit: scale.unit,
      bare: false,
      above: true,
      isWords: false,
      reason: `censored: ${node.reason}`,
    };
  }
  const interval: Interval = typeof node === "number" ? { value: node, low: node, high: node } : node;
  const doubt = doubtOf(interval, scale.isBytes ? leastDoubt(result, node, field) : 0);
  const shown = [interval.value, interval.low, interval.high].map((value) =>
    scale.text(value, doubt, form.decimals),
  );
  const [text = "", low = "", high = ""] = shown;
  const notice = tooFine(form, doubt / scale.size);
  return {
    text: form.bare ? text.replaceAll(",", "") : text,
    unit: form.bare ? "" : scale.unit,
    bare: form.bare,
    above: false,
    isWords: false,
    ...(form.range && low !== high ? { range: [low, high] as const } : {}),
    ...(notice === undefined ? {} : { notice }),
  };
}

/**
 * The smallest difference that means something: by field for a measured interval, a tenth of a byte for a sum
 * or quotient.
 */
function leastDoubt(result: Result, node: Leaf, field: string): number {
  return typeof node === "number" ? DERIVED_DOUBT_BYTES : detectableBytes(result, field);
}

function words(text: string, { unit, decimals, bare, range }: ValueForm): ValueText {
  if (unit !== undefined || decimals !== undefined || range)
    throw new MarkerError(`The value is the word "${text}", which has no unit, places or range.`);
  if (bare) throw new MarkerError(`A number is needed here and the value is the word "${text}".`);
  return { text, unit: "", bare: false, above: false, isWords: true };
}

interface Scale {
  unit: string;
  /** Size of one unit, in bytes, ms or ones. */
  size: number;
  isBytes: boolean;
  text: (value: number, doubt: number, decimals?: number) => string;
}

/** Chosen by the name of the field: bytes, ms, or a plain number. */
function scaleOf(field: string, unit: string | undefined): Scale {
  const wrong = (is: string, units: readonly string[]): MarkerError =>
    new MarkerError(
      `${unit ?? ""} is no unit of ${field}, which is ${is}; take ${units.join(", ")} or none.`,
    );
  if (/(^b|B)ytes$/.test(field)) {
    const own = unit ?? "B";
    if (!isByteUnit(own)) throw wrong("in bytes", Object.keys(BYTES_IN));
    const size = BYTES_IN[own];
    return {
      unit: own,
      size,
      isBytes: true,
      text: (value, doubt, decimals) =>
        decimals === undefined ? bytesIn(value, own, doubt) : fixed(value / size, decimals),
    };
  }
  if (field.endsWith("Ms")) {
    if (unit !== undefined && !(unit in TIMES)) throw wrong("a time", Object.keys(TIMES));
    return plain(unit ?? "ms", TIMES[unit ?? "ms"] ?? 1);
  }
  if (unit !== undefined && !PERCENT.includes(unit)) {
    const hint = isByteUnit(unit) ? " (a reading whose name ends in Bytes is in bytes)" : "";
    throw wrong(`a plain number${hint}`, PERCENT);
  }
  return unit === undefined ? plain("", 1) : plain("%", 0.01);
}

function plain(unit: string, size: number): Scale {
  return {
    unit,
    size,
    isBytes: false,
    text: (value, _, decimals) => {
      const scaled = value / size;
      return fixed(scaled, decimals ?? (Number.isInteger(scaled) ? 0 : unit === "" ? 3 : 2));
    },
  };
}

/** Warns of decimal places that another run would not repeat. `doubt` is in the unit. */
function tooFine({ decimals }: ValueForm, doubt: number): string | undefined {
  if (decimals === undefined || doubt === 0) return undefined;
  const allowed = -Math.floor(Math.log10(doubt));
  if (decimals <= Math.max(0, allowed)) return undefined;
  return `${decimals} places are more than its doubt of ${doubt.toPrecision(1)} allows; take ${Math.max(0, allowed)}, or leave them out.`;
}
