import type { Figure } from "../figure/figure.js";

/** A CSV file by its lines. What all but the first end with, their provenance, is kept once. */
export interface CsvFile {
  name: string;
  lines: string[];
  ending: string;
}

/** What the page's script reads from the page; keys are ids of elements. */
export interface PageData {
  figures: Record<string, Figure>;
  files: Record<string, CsvFile>;
  /** Saved as indented JSON, as they lie in the results folder. */
  results: Record<string, { name: string; result: unknown }>;
}
