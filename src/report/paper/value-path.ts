import { isAbsent } from "../../system/probe/reading.js";
import type { Result } from "../../record/schema.js";
import type { Interval } from "../../base/stats/interval.js";
import { suggestion } from "../../base/nearest-name.js";
import { MarkerError } from "./problem.js";

/** The value at a path, and the name of the field that tells its unit. */
export interface Found {
  node: Leaf;
  field: string;
}

export type Leaf =
  number | string | boolean | Interval | { absent: string } | { above: number; reason: string };

/** Most paths that are searched for a suggestion. A grid may have thousands of rows. */
const MOST_PATHS = 5000;
/** What `statistics` tells of a reading in its own unit. */
const OF_RUNS = new Set(["mean", "median", "standardDeviation", "interval"]);
const STEP = /\.?([^.[\]]+)|\[((?:"[^"]*"|[^\]"])*)\]/gy;

/**
 * The value at a path in a result: `fit.perUnitBytes`, `rows[sessions=100].readings.heapBytes`,
 * `estimates[name="500 bytes a message"].perUnitBytes`. A bracket selects the one element of a list that has
 * these factors or fields, or an index counted from 0.
 */
export function valueAt(result: Result, path: string): Found {
  let node: unknown = result;
  let field = "";
  let isOfRuns = false;
  let end = 0;
  for (const step of path.matchAll(STEP)) {
    end = step.index + step[0].length;
    if (isAbsent(node)) return { node, field };
    const [, name, selector] = step;
    if (name !== undefined) {
      node = ofOwn(node, name);
      // The ends of an interval, a bound, and what is told of several runs have the unit of the field that contains them.
      if (!["value", "low", "high", "above"].includes(name) && !(isOfRuns && OF_RUNS.has(name))) field = name;
      isOfRuns ||= name === "statistics";
    } else node = elementOf(result, node, selector ?? "", path.slice(0, step.index));
    if (node === undefined) throw unknown(result, path);
  }
  if (end !== path.length || path === "") throw unknown(result, path);
  if (isLeaf(node)) return { node, field };
  throw new MarkerError(
    `${result.experiment}.${path} is no single value; go on with ${Array.isArray(node) ? "a [selector]" : Object.keys(node as object).join(", ")}.`,
  );
}

/**
 * The path to the mean of several runs, where a path leads to their median: the tables of commands and programs show
 * means. Undefined where they are one number, or there is no mean.
 */
export function meanBeside(result: Result, path: string): { path: string; runs: number } | undefined {
  const [, row, reading] = /^(.*)\.readings\.([^.[\]]+)(?:\.value)?$/.exec(path) ?? [];
  if (row === undefined || reading === undefined) return undefined;
  const told = (name: string): unknown => {
    try {
      return valueAt(result, `${row}.statistics.${reading}.${name}`).node;
    } catch {
      return undefined;
    }
  };
  const [mean, median, runs] = [told("mean"), told("median"), told("n")];
  if (typeof mean !== "number" || typeof runs !== "number" || mean === median) return undefined;
  return { path: `${row}.statistics.${reading}.mean`, runs };
}

function isLeaf(node: unknown): node is Leaf {
  if (typeof node !== "object") return node !== undefined;
  if (node === null || Array.isArray(node)) return false;
  return (
    isAbsent(node) || typeof ofOwn(node, "value") === "number" || typeof ofOwn(node, "above") === "number"
  );
}

/** Only own keys: a path must not reach what every object inherits. */
function ofOwn(node: unknown, name: string): unknown {
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, name)) return undefined;
  return (node as Record<string, unknown>)[name];
}

function unknown(result: Result, path: string): MarkerError {
  return new MarkerError(
    `${result.experiment}.${path} is not in the result${suggestion(path, pathsOf(result, ""))}.`,
  );
}

function elementOf(result: Result, node: unknown, selector: string, path: string): unknown {
  if (!Array.isArray(node)) return undefined;
  const list = node as unknown[];
  if (/^\d+$/.test(selector)) return list[Number(selector)];
  const wanted = conditionsOf(selector);
  const found = list.filter((element) => {
    const fields = fieldsOf(element);
    return wanted.every(([name, level]) => fields.has(name) && String(fields.get(name)) === level);
  });
  if (found.length === 1) return found[0];
  const where = `${result.experiment}.${path}[${selector}]`;
  const all = list.map((element) => selectorOf(fieldsOf(element)));
  if (found.length === 0) {
    const near = suggestion(selector, all);
    throw new MarkerError(`${where} fits none of the ${list.length}${near || `, which are ${someOf(all)}`}.`);
  }
  const fitting = found.map((element) => selectorOf(fieldsOf(element)));
  throw new MarkerError(`${where} fits ${found.length}: ${someOf(fitting)}; say more.`);
}

function someOf(selectors: readonly string[]): string {
  const shown = selectors.slice(0, 8).map((text) => `[${text}]`);
  return [...shown, ...(selectors.length > shown.length ? ["..."] : [])].join(", ");
}

function conditionsOf(selector: string): [name: string, level: string][] {
  return (selector.match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((part) => {
    const at = part.indexOf("=");
    if (at === -1)
      throw new MarkerError(`[${selector}] must be [name=value], several with a comma between, or [0].`);
    return [
      part.slice(0, at).trim(),
      part
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1"),
    ];
  });
}

/** The names by which an element can be selected: its factors, and its own texts and numbers. */
function fieldsOf(element: unknown): Map<string, unknown> {
  if (typeof element !== "object" || element === null) return new Map();
  const { factors = {}, others = {} } = element as { factors?: object; others?: object };
  const own = Object.entries(element).filter(([, value]) => typeof value !== "object");
  return new Map([...own, ...Object.entries(others), ...Object.entries(factors)]);
}

/** Fields that identify elements of lists that have no factors. */
const NAMES = ["name", "reading", "kind", "type"];

function selectorOf(fields: ReadonlyMap<string, unknown>): string {
  const named = NAMES.filter((name) => fields.has(name));
  const isRow = fields.has("outcome");
  const names =
    named.length > 0 ? named : [...fields.keys()].filter((name) => !isRow || !ROW_FIELDS.has(name));
  return names
    .map((name) => {
      const level = String(fields.get(name));
      return `${name}=${/[\s,\]"]/.test(level) ? `"${level}"` : level}`;
    })
    .join(",");
}

/** Fields that every row has, so they cannot select one. */
const ROW_FIELDS = new Set([
  "outcome",
  "trials",
  "instances",
  "unitsPerInstance",
  "cause",
  "capBytes",
  "enforcement",
  "peakSource",
  "measuredOverEstimate",
]);

/** All paths to values, in the form that people write. */
function pathsOf(node: unknown, path: string, paths: string[] = []): string[] {
  if (paths.length >= MOST_PATHS) return paths;
  if (isLeaf(node)) paths.push(path);
  else if (Array.isArray(node))
    for (const [index, element] of (node as unknown[]).entries())
      pathsOf(element, `${path}[${selectorOf(fieldsOf(element)) || index}]`, paths);
  else
    for (const [name, value] of Object.entries(node as object))
      pathsOf(value, path === "" ? name : `${path}.${name}`, paths);
  return paths;
}
