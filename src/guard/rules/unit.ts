/** What a number counts. Readings tell it by the end of their name: `...Bytes`, `...Ms`, else a plain number. */
export type Unit = "bytes" | "ms" | "number";

/** Written units: KiB to TiB are powers of 1024, kB to TB of 1000. */
export const WRITTEN_UNITS: ReadonlyMap<string, { unit: Unit; factor: number }> = new Map([
  ["B", { unit: "bytes", factor: 1 }],
  ["kB", { unit: "bytes", factor: 1e3 }],
  ["MB", { unit: "bytes", factor: 1e6 }],
  ["GB", { unit: "bytes", factor: 1e9 }],
  ["TB", { unit: "bytes", factor: 1e12 }],
  ["KiB", { unit: "bytes", factor: 2 ** 10 }],
  ["MiB", { unit: "bytes", factor: 2 ** 20 }],
  ["GiB", { unit: "bytes", factor: 2 ** 30 }],
  ["TiB", { unit: "bytes", factor: 2 ** 40 }],
  ["ms", { unit: "ms", factor: 1 }],
  ["s", { unit: "ms", factor: 1e3 }],
  ["min", { unit: "ms", factor: 60e3 }],
  ["%", { unit: "number", factor: 0.01 }],
]);

export function unitOfName(name: string): Unit {
  return name.endsWith("Bytes") ? "bytes" : name.endsWith("Ms") ? "ms" : "number";
}

/** How a unit is called in a sentence. */
export function unitWord(unit: Unit): string {
  return unit === "number" ? "a plain number" : unit === "ms" ? "milliseconds" : "bytes";
}
