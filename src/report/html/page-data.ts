import type { Figure } from "../figure/figure.js";

/** A CSV file as lines. All lines after the first end with the same provenance, which is stored once. */
export interface CsvFile {
  name: string;
  lines: string[];
  ending: string;
}

/** What the page's script reads from the page; keys are ids of elements. */
export interface PageData {
  figures: Record<string, Figure>;
  files: Record<string, CsvFile>;
  /** Saved as indented JSON, as in the results folder. */
  results: Record<string, { name: string; result: unknown }>;
}
