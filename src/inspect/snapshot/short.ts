import { fixed } from "../../base/format.js";

/** Bytes as a reader compares them: three or four digits with a unit of 1000. */
export function shortBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size < 100 && !Number.isInteger(bytes)) return `${fixed(bytes, size < 1 ? 2 : 1)} B`;
  if (size < 1e4) return `${fixed(bytes, 0)} B`;
  if (size < 1e6) return `${fixed(bytes / 1e3, 1)} kB`;
  if (size < 1e9) return `${fixed(bytes / 1e6, size < 1e8 ? 2 : 1)} MB`;
  return `${fixed(bytes / 1e9, 2)} GB`;
}
