import { counted } from "../base/format.js";
import type { Factors } from "../experiment/define.js";
import type { ResultWarning } from "../record/schema.js";

/** The doubts that the trials of one row raised. */
export interface RowDoubts {
  part?: string | undefined;
  factors: Factors;
  warnings: readonly ResultWarning[];
}

/** So many rows are named; of the rest their number is said. */
const NAMED_ROWS = 3;
/** No number is part of a name, such as fp16. */
const NUMBER = /(?<![\w.])\d(?:[\d,.]*\d)?(?!\w)/g;

interface Kind {
  name: string;
  messages: Set<string>;
  rows: Set<string>;
  /** All rows of its part of the experiment. */
  of: Set<string>;
}

/**
 * Doubts of one kind, each told once: numbers in which its sentences differ become a range, and the rows that raised it
 * are named unless there is only one.
 */
export function toldOnce(trials: readonly RowDoubts[]): ResultWarning[] {
  const kinds = new Map<string, Kind>();
  const parts = new Map<string | undefined, Set<string>>();
  for (const { part, factors, warnings } of trials) {
    const row = rowName(part, factors);
    const own = parts.get(part) ?? new Set<string>();
    parts.set(part, own.add(row));
    for (const { name, message } of warnings) {
      const key = JSON.stringify([part, name, message.split(NUMBER)]);
      const kind = kinds.get(key) ?? { name, messages: new Set<string>(), rows: new Set<string>(), of: own };
      kind.messages.add(message);
      kind.rows.add(row);
      kinds.set(key, kind);
    }
  }
  const told = new Map<string, string[]>();
  for (const { name, messages, rows, of } of kinds.values())
    told.set(name, [...(told.get(name) ?? []), `${ranged([...messages])}${rowsText(rows, of.size)}`]);
  return [...told].map(([name, messages]) => ({ name, message: messages.join(" ") }));
}

function rowName(part: string | undefined, factors: Factors): string {
  const levels = Object.entries(factors).map(([name, level]) => `${name}=${String(level)}`);
  return [...(part === undefined ? [] : [part]), ...levels].join(" ");
}

/** One sentence for all, which differ in numbers alone. */
function ranged(messages: readonly string[]): string {
  const [first = ""] = messages;
  const numbers = messages.map((message) => message.match(NUMBER) ?? []);
  let place = 0;
  return first.replace(NUMBER, (number) => {
    const found = numbers.flatMap((each) => each[place] ?? []);
    place++;
    const sorted = [...found].sort((a, b) => valueOf(a) - valueOf(b));
    const [low = number, high = number] = [sorted[0], sorted.at(-1)];
    return low === high ? low : `${low} to ${high}`;
  });
}

function valueOf(text: string): number {
  return Number(text.replaceAll(",", ""));
}

function rowsText(rows: ReadonlySet<string>, of: number): string {
  if (of < 2) return "";
  if (rows.size === of) return ` (All ${of} rows.)`;
  const named = [...rows].slice(0, NAMED_ROWS).join("; ");
  const rest = rows.size - NAMED_ROWS;
  return ` (${rows.size} of ${counted(of, "row")}: ${named}${rest > 0 ? `; and ${rest} more` : ""}.)`;
}
