import { smallestOf } from "../base/stats/extremes.js";
import type { Card } from "../model/index.js";
import type { Balance } from "./balance.js";
import type { DiagnosisName } from "./diagnosis/diagnosis.js";
import type { LogFacts } from "./facts.js";
import { fill } from "./fill.js";
import type { Hypothesis } from "./hypotheses.js";
import type { OomRecord } from "./record.js";

/** All that is known of a report when advice is chosen. */
export interface Situation {
  record: OomRecord;
  facts: LogFacts;
  balance: Balance;
  /** Names of what was diagnosed, the clearest first. */
  names: readonly DiagnosisName[];
  hypotheses: readonly Hypothesis[];
  card: Card | undefined;
}

/** A sentence with `{names}` of figures in it (see fill.ts), or one that is made for the situation. */
export type Text = string | ((situation: Situation) => string | undefined);

/** One thing that can be done. */
export interface Advice {
  /** Diagnoses for which it is good; any, if absent. */
  for?: readonly DiagnosisName[];
  when?: (situation: Situation) => boolean;
  /** What to do, in one sentence without an end. */
  do: Text;
  /** A line to paste. */
  paste?: Text;
  why?: Text;
  /** Bytes that it frees, where the text tells. */
  frees?: (situation: Situation) => number | null;
}

export interface Change {
  /** What to do; the line to paste ends it. */
  change: string;
  paste: string | null;
  why: string | null;
  /** Bytes that it frees; null if the text does not tell how much. */
  savesBytes: number | null;
}

/** The changes that fit a situation. Advice for the first diagnosis comes first, advice for any comes last. */
export function changesOf(advice: readonly Advice[], situation: Situation): Change[] {
  const rank = ({ for: names }: Advice): number =>
    names === undefined
      ? situation.names.length
      : smallestOf(names.map((name) => situation.names.indexOf(name)).filter((index) => index !== -1));
  const seen = new Set<string>();
  return advice
    .filter(
      ({ for: names, when }) =>
        (names === undefined || names.some((name) => situation.names.includes(name))) &&
        when?.(situation) !== false,
    )
    .map((each, order) => ({ each, order, rank: rank(each) }))
    .sort((one, other) => one.rank - other.rank || one.order - other.order)
    .flatMap(({ each }) => changeOf(each, situation) ?? [])
    .filter(({ change }) => !seen.has(change) && seen.add(change));
}

function changeOf(advice: Advice, situation: Situation): Change | undefined {
  const action = textOf(advice.do, situation);
  if (action === undefined) return undefined;
  const paste = textOf(advice.paste, situation) ?? null;
  return {
    change: paste === null ? `${action}.` : `${action}: ${paste}`,
    paste,
    why: textOf(advice.why, situation) ?? null,
    savesBytes: advice.frees?.(situation) ?? null,
  };
}

function textOf(text: Text | undefined, situation: Situation): string | undefined {
  if (text === undefined) return undefined;
  return typeof text === "function" ? text(situation) : fill(text, situation.record);
}
