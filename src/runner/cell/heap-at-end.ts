/** A line such as `Mark-Compact (reduce) 255.2 (258.1) -> 254.9 (258.4) MB`, which V8 prints before it gives up. */
const COLLECTION = /(?:Mark-Compact|Mark-sweep)[^\n]*?\d+(?:\.\d+)? \(\d[^)]*\) -> (\d+(?:\.\d+)?) \(/g;

/** Bytes in V8's heap after the last full collection that it tells of; undefined if it tells of none. V8's MB is 2^20. */
export function heapAtEnd(output: string): number | undefined {
  const last = [...output.matchAll(COLLECTION)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last) * 2 ** 20;
}
