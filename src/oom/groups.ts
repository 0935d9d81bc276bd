import type { Diagnosis, DiagnosisName } from "./diagnosis/diagnosis.js";
import { isHost } from "./diagnosis/diagnosis.js";
import type { Certainty, OomRecord } from "./record.js";
import { FIGURES } from "./record.js";
import type { FoundReport } from "./scan.js";

/** TensorFlow and XLA ask for the whole card, and again for nine tenths each time they are refused. */
const LADDER = 0.9;
const CLOSE = 0.02;
/** Lines between two tries of one allocation. */
const TRIES_WITHIN = 4;

/** Joins the tries of one allocation into the first of them. */
export function withoutLadders(found: readonly FoundReport[]): FoundReport[] {
  const kept: FoundReport[] = [];
  let last: OomRecord | undefined;
  for (const report of found) {
    const { record } = report;
    const first = kept.at(-1);
    if (first !== undefined && last !== undefined && isNextTry(last, record)) {
      const { details } = first.record;
      const tries = (details.tries ?? 1) + 1;
      const wantedBytes = record.requestedBytes ?? undefined;
      const more = { ...details, tries, ...(wantedBytes === undefined ? {} : { leastBytes: wantedBytes }) };
      kept[kept.length - 1] = { ...first, record: { ...first.record, details: more } };
    } else kept.push(report);
    last = record;
  }
  return kept;
}

function isNextTry(one: OomRecord, next: OomRecord): boolean {
  if (one.details.arena !== true || next.details.arena !== true) return false;
  if (one.framework !== next.framework || next.line - one.line > TRIES_WITHIN) return false;
  const share = (next.requestedBytes ?? 0) / (one.requestedBytes ?? 1);
  return Math.abs(share - LADDER) <= CLOSE;
}

/** Lines within which reports of one kind on several cards come from one failure. */
const RANKS_WITHIN = 400;

interface Grouped {
  record: OomRecord;
  diagnosis: readonly Diagnosis[];
  certainty: Certainty;
}

/**
 * For each report, the number of its cause, from 1. Reports have one cause if the same framework says the same
 * of the same request, whatever the card and the process: ranks, retries, a message that is logged twice.
 * Ranks of one job may ask for slightly different sizes, close to one another in the log.
 */
export function groupsOf(reports: readonly Grouped[]): number[] {
  const numbers = ofOneProgram(reports);
  for (const [index, report] of reports.entries()) {
    const cause = reports.findIndex((other, at) => at !== index && isCauseOf(other, report));
    if (cause !== -1) numbers[index] = numbers[cause] ?? 0;
  }
  // Numbers without a gap, in the order of the log.
  const order = [...new Set(numbers)];
  return numbers.map((number) => order.indexOf(number) + 1);
}

/** Lines between a report and what a program around it prints when it hears of the failure. */
const WRAPPED_WITHIN = 8;
const KILLS: readonly DiagnosisName[] = ["group-limit", "host-memory", "own-limit", "killed"];

/** Whether another program says less of the same failure: that a process was killed, or that memory ran out. */
function isCauseOf(cause: Grouped, report: Grouped): boolean {
  const lines = Math.abs(cause.record.line - report.record.line);
  if (cause.record.framework === report.record.framework || cause.certainty === "likely") return false;
  if (isHost(cause.record) !== isHost(report.record)) return false;
  if (report.certainty === "likely" && report.diagnosis[0]?.name === "killed")
    return lines <= RANKS_WITHIN && KILLS.includes(cause.diagnosis[0]?.name ?? "no-figures");
  if (!hasFigures(cause.record) || hasFigures(report.record)) return false;
  const areKills = [cause, report].every(({ diagnosis }) => diagnosis[0]?.name === "group-limit");
  return lines <= (areKills ? RANKS_WITHIN : WRAPPED_WITHIN);
}

function hasFigures({ details, ...record }: OomRecord): boolean {
  return FIGURES.some((name) => record[name] !== null) || details.limitBytes !== undefined;
}

function ofOneProgram(reports: readonly Grouped[]): number[] {
  const groups: {
    number: number;
    kind: string;
    asked: number | null;
    line: number;
    cards: Set<number | null>;
  }[] = [];
  return reports.map(({ record, diagnosis }) => {
    const { line, gpuIndex, details } = record;
    const asked = record.requestedBytes ?? details.derivedRequestedBytes ?? null;
    const kind = [record.framework, diagnosis[0]?.name, details.pid ?? "", details.pod ?? ""].join(" ");
    const group =
      groups.find((one) => one.kind === kind && one.asked === asked) ??
      groups.find(
        (one) =>
          one.kind === kind &&
          line - one.line <= RANKS_WITHIN &&
          gpuIndex !== null &&
          !one.cards.has(gpuIndex) &&
          asked !== null &&
          one.asked !== null &&
          Math.max(asked, one.asked) <= 2 * Math.min(asked, one.asked),
      );
    if (group === undefined) {
      const number = groups.length + 1;
      groups.push({ number, kind, asked, line, cards: new Set([gpuIndex]) });
      return number;
    }
    group.line = line;
    group.cards.add(gpuIndex);
    return group.number;
  });
}
