import type { Balance } from "../balance.js";
import type { LogFacts } from "../facts.js";
import { frameworkOf } from "../frameworks.js";
import type { OomRecord } from "../record.js";

export type DiagnosisName =
  | "absurd-request"
  | "never-fits"
  | "cache-too-small"
  | "allocator-cap"
  | "system-memory-spill"
  | "fragmentation"
  | "other-process"
  | "process-not-visible"
  | "refused-although-free"
  | "card-full"
  | "heap-limit"
  | "group-limit"
  | "host-memory"
  | "killed"
  | "own-limit"
  | "shared-memory"
  | "on-chip-memory"
  | "too-many-threads"
  | "arena-refused"
  | "growth-between-turns"
  | "tokens-disagree"
  | "warning-only"
  | "no-figures";

/** One fact about what happened. */
export interface Diagnosis {
  name: DiagnosisName;
  message: string;
}

export interface Case {
  record: OomRecord;
  facts: LogFacts;
  balance: Balance;
}

export type Rule = (situation: Case) => Diagnosis | undefined;

/** Whether a report is about main memory. */
export function isHost({ framework, details }: OomRecord): boolean {
  return details.onHost === true || frameworkOf(framework).memory === "host";
}
