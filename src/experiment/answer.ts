import type { Factors } from "./define.js";

/** One row of a result, as the sentence of an answer needs it. A reading that is absent makes the answer unknown, with the reason. */
export interface AnswerRow {
  factors: Factors;
  outcome: string;
  /** Whether the reading is a number: neither absent nor only a bound. */
  has: (name: string) => boolean;
  number: (name: string) => number;
  /** The reading in words, with its interval where it has one; a bound is "more than ...". */
  bytes: (name: string) => string;
  count: (name: string) => string;
}

/** What an answer is made from: the rows of a result, and its settings. */
export interface AnswerTables {
  settings: Readonly<Record<string, string | number | boolean>>;
  /** The rows with these levels, of the main table or of a follow-up. */
  rows: (where?: Factors, part?: string) => AnswerRow[];
  /** The first of them. Without one, the answer is unknown. */
  row: (where?: Factors, part?: string) => AnswerRow;
  /** Only for a rollout: the stage that fails first, and the flags that it sets. */
  rollout?: { decided: boolean; stages: number; failed?: { stage: string; flags: string[]; how: string } };
}

/** Numbers in words. */
export interface AnswerWords {
  bytes: (value: number) => string;
  count: (value: number) => string;
  percent: (share: number) => string;
  /** A ratio: "1.4 times", "40 times". */
  times: (ratio: number) => string;
}

/** One sentence from the numbers of a result. */
export type Answer = (tables: AnswerTables, words: AnswerWords) => string;
