import { BYTES_IN } from "../../base/size.js";

/** The unit of a number. For a reading, the end of its name gives it: `...Bytes`, `...Ms`, else a plain number. */
export type Unit = "bytes" | "ms" | "number";

interface Written {
  unit: Unit;
  factor: number;
}

/** Units in rules: of bytes, of time and of shares. */
export const WRITTEN_UNITS: ReadonlyMap<string, Written> = new Map<string, Written>([
  ...Object.entries(BYTES_IN).map(([name, factor]): [string, Written] => [name, { unit: "bytes", factor }]),
  ["ms", { unit: "ms", factor: 1 }],
  ["s", { unit: "ms", factor: 1e3 }],
  ["min", { unit: "ms", factor: 60e3 }],
  ["%", { unit: "number", factor: 0.01 }],
]);

export function unitOfName(name: string): Unit {
  return name.endsWith("Bytes") ? "bytes" : name.endsWith("Ms") ? "ms" : "number";
}

export function unitWord(unit: Unit): string {
  return unit === "number" ? "a plain number" : unit === "ms" ? "milliseconds" : "bytes";
}
