import type { ModelShape } from "../model/index.js";
import { knownModel } from "../model/index.js";
import type { Change } from "./changes.js";
import { changesFor } from "./changes.js";
import type { Diagnosis } from "./diagnosis/diagnosis.js";
import { diagnose } from "./diagnosis/index.js";
import type { InputTokens, LogFacts } from "./facts.js";
import type { Hypothesis } from "./hypotheses.js";
import { hypothesesOf } from "./hypotheses.js";
import type { OomRecord } from "./record.js";
import type { ScanResult } from "./scan.js";

/** A report with what follows from it. */
export interface ExplainedReport extends OomRecord {
  diagnosis: Diagnosis[];
  hypotheses: Hypothesis[];
  changes: Change[];
}

/** The model whose tensors the hypotheses are about. */
export interface ModelUsed {
  name: string;
  /** `given`: from --model. `log`: guessed from a name in the log. */
  from: "given" | "log";
  line: number | null;
}

export interface Explanation {
  reports: ExplainedReport[];
  model: ModelUsed | null;
  inputTokens: InputTokens | null;
  bytes: number;
  /** Reports that were found but not kept, because there are too many. */
  omittedReports: number;
}

export interface GivenModel {
  name: string;
  shape: ModelShape;
}

/** Explains each report by its own figures and by the log before it. */
export function explain(
  { reports, facts, bytes, omittedReports }: ScanResult,
  given?: GivenModel,
): Explanation {
  const guessed = given === undefined ? guess(facts) : undefined;
  const shape = given?.shape ?? guessed?.shape;
  return {
    reports: reports.map(({ record, facts: before }) => {
      // A token count that appears only after the report still belongs to this run.
      const known: LogFacts = { ...before, inputTokens: before.inputTokens ?? facts.inputTokens };
      const tokens = cacheTokens(record) ?? known.inputTokens;
      const hypotheses = shape === undefined ? [] : hypothesesOf(record, shape, tokens);
      const diagnosis = diagnose(record, known, hypotheses);
      const changes = changesFor(record, known, diagnosis, hypotheses);
      const { ranges, textRanges, details, ...figures } = record;
      return { ...figures, diagnosis, hypotheses, changes, ranges, textRanges, details };
    }),
    model: given === undefined ? (guessed?.used ?? null) : { name: given.name, from: "given", line: null },
    inputTokens: facts.inputTokens ?? null,
    bytes,
    omittedReports,
  };
}

/** The number of tokens that the refused cache should hold, which vLLM prints. */
function cacheTokens({ details }: OomRecord): { last: number; largest: number } | undefined {
  const { neededTokens } = details;
  return neededTokens === undefined ? undefined : { last: neededTokens, largest: neededTokens };
}

function guess(facts: LogFacts): { shape: ModelShape; used: ModelUsed } | undefined {
  for (const { name, line } of facts.models) {
    const known = knownModel(name);
    if (known !== undefined) return { shape: known.shape, used: { name: known.title, from: "log", line } };
  }
  return undefined;
}
