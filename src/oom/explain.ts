import type { Card, ModelShape } from "../model/index.js";
import { capacityOf, knownModel } from "../model/index.js";
import type { Change } from "./advice.js";
import { changesOf } from "./advice.js";
import { balanceOf } from "./balance.js";
import type { Calibration } from "./crash.js";
import { calibrate, crashIn, pruneTo } from "./crash.js";
import type { Diagnosis } from "./diagnosis/diagnosis.js";
import { isHost } from "./diagnosis/diagnosis.js";
import { diagnose } from "./diagnosis/index.js";
import type { InputTokens, LogFacts } from "./facts.js";
import type { Hypothesis } from "./hypotheses.js";
import { hypothesesOf } from "./hypotheses.js";
import { frameworkOf } from "./frameworks.js";
import { groupsOf, withoutLadders } from "./groups.js";
import type { Certainty, OomRecord } from "./record.js";
import type { FoundReport, ScanResult } from "./scan.js";

/** A report with what follows from it. */
export interface ExplainedReport extends OomRecord {
  certainty: Certainty;
  /** Reports of one cause have the same number: ranks, retries, a message that is logged twice. */
  group: number;
  diagnosis: Diagnosis[];
  hypotheses: Hypothesis[];
  changes: Change[];
  /** With a model: its estimate at the log's tokens beside what the process held. */
  calibration?: Calibration;
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
  /** Reports that documentation or a program's source shows, and that no run of the log had. */
  quoted: ExplainedReport[];
  model: ModelUsed | null;
  /** The card that is given or that the log names first. */
  card: string | null;
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
  { reports, quoted, facts, bytes, omittedReports }: ScanResult,
  given?: GivenModel,
  card?: Card,
): Explanation {
  const guessed = given === undefined ? guess(facts) : undefined;
  const shape = given?.shape ?? guessed?.shape;
  const explainAll = (all: readonly FoundReport[]): ExplainedReport[] =>
    grouped(
      withoutLadders(all).map((found) => {
        // A token count that appears only after the report still belongs to this run.
        const known: LogFacts = { ...found.facts, inputTokens: found.facts.inputTokens ?? facts.inputTokens };
        return explainOne(found, known, shape, card ?? known.card ?? facts.card);
      }),
    );
  return {
    reports: explainAll(reports),
    quoted: explainAll(quoted),
    model: given === undefined ? (guessed?.used ?? null) : { name: given.name, from: "given", line: null },
    card: card?.name ?? facts.card?.name ?? null,
    inputTokens: facts.inputTokens ?? null,
    bytes,
    omittedReports,
  };
}

function grouped(explained: readonly Omit<ExplainedReport, "group">[]): ExplainedReport[] {
  const groups = groupsOf(
    explained.map((report) => ({ record: report, diagnosis: report.diagnosis, certainty: report.certainty })),
  );
  return explained.map(({ ranges, textRanges, details, ...report }, index) => ({
    ...report,
    group: groups[index] ?? 0,
    ranges,
    textRanges,
    details,
  }));
}

function explainOne(
  { record: read, finding, certainty }: FoundReport,
  facts: LogFacts,
  shape: ModelShape | undefined,
  card: Card | undefined,
): Omit<ExplainedReport, "group"> {
  const record = withCard(read, card);
  const tokens = cacheTokens(record) ?? facts.inputTokens;
  const hypotheses = shape === undefined ? [] : ofThisRequest(record, hypothesesOf(record, shape, tokens));
  const diagnosis = diagnose(record, facts, hypotheses, finding);
  const calibration = shape === undefined ? undefined : calibrationOf(record, tokens, hypotheses, shape);
  const changes = changesOf(frameworkOf(record.details.runner ?? record.framework).advice, {
    record,
    facts,
    balance: balanceOf(record),
    names: diagnosis.map(({ name }) => name),
    hypotheses,
    card,
  });
  const { ranges, textRanges, details, ...figures } = record;
  return {
    ...figures,
    certainty,
    diagnosis,
    hypotheses,
    changes: record.details.warningOnly === true ? [] : withPruning(changes, calibration, diagnosis),
    ...(calibration === undefined ? {} : { calibration }),
    ranges,
    textRanges,
    details,
  };
}

function calibrationOf(
  record: OomRecord,
  tokens: { last: number } | undefined,
  hypotheses: readonly Hypothesis[],
  shape: ModelShape,
): Calibration | undefined {
  const crash = crashIn(record, tokens?.last);
  // Scores of the logged length show that the attention kept them.
  const scores = hypotheses.some(
    ({ kind, plausibility }) => kind === "scores" && plausibility === "as-logged",
  );
  return crash?.tokens == null
    ? undefined
    : calibrate(shape, crash, { tokens: crash.tokens, attention: scores ? "eager" : "flash" });
}

/** Fewer tokens are an action where so many would have fitted, and the card was full. */
function withPruning(
  changes: Change[],
  calibration: Calibration | undefined,
  diagnosis: readonly Diagnosis[],
): Change[] {
  const to = calibration === undefined ? undefined : pruneTo(calibration);
  if (calibration === undefined || to === undefined) return changes;
  if (!diagnosis.some(({ name }) => name === "card-full" || name === "growth-between-turns")) return changes;
  const prune: Change = {
    change: `Prune the prompt to ${to.text} (it had ${calibration.tokens.toLocaleString("en-US")}).`,
    paste: null,
    why: "By the model's estimate, with what the crash shows beyond it.",
    savesBytes: null,
  };
  return [...changes.slice(0, 1), prune, ...changes.slice(1)];
}

/** The capacity of the card that is given or named, where a report of a card states none. */
function withCard(record: OomRecord, card: Card | undefined): OomRecord {
  if (card === undefined || record.totalBytes !== null || isHost(record)) return record;
  if (record.details.warningOnly === true || frameworkOf(record.framework).memory === "host") return record;
  return { ...record, details: { ...record.details, cardBytes: capacityOf(card) } };
}

/** Where the text itself says that the request was for the key/value cache, no other tensor is looked at. */
function ofThisRequest(record: OomRecord, hypotheses: readonly Hypothesis[]): Hypothesis[] {
  if (record.details.neededTokens === undefined) return [...hypotheses];
  return hypotheses.filter(({ tensor }) => tensor.startsWith("key/value cache"));
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
