import { bytesWithBinaryUnit as size } from "../../base/format.js";
import { balanceOf } from "../balance.js";
import type { LogFacts } from "../facts.js";
import type { Hypothesis } from "../hypotheses.js";
import type { OomRecord } from "../record.js";
import { cardFull, fragmentation, notVisible, otherProcess, slightFragmentation, spill } from "./card.js";
import type { Case, Diagnosis, Rule } from "./diagnosis.js";
import { besideTheLog } from "./growth.js";
import { allocatorCap, cacheTooSmall, hostLimit } from "./limits.js";
import { absurdRequest, neverFits, refusedAlthoughFree } from "./request.js";

const warningOnly: Rule = ({ record }) =>
  record.details.warningOnly === true
    ? {
        name: "warning-only",
        message:
          "The text says itself that this is no failure: it went on with less memory, possibly slower.",
      }
    : undefined;

/** The rule that explains most comes first. */
const RULES: readonly Rule[] = [
  warningOnly,
  absurdRequest,
  neverFits,
  cacheTooSmall,
  allocatorCap,
  spill,
  fragmentation,
  otherProcess,
  cardFull,
  slightFragmentation,
  notVisible,
  refusedAlthoughFree,
  hostLimit,
];

/** What happened, the clearest finding first; at least one. */
export function diagnose(record: OomRecord, facts: LogFacts, hypotheses: readonly Hypothesis[]): Diagnosis[] {
  const situation: Case = { record, facts, balance: balanceOf(record) };
  const found = RULES.flatMap((rule) => rule(situation) ?? []);
  if (found.length === 0) found.push(remaining(situation));
  const beside = besideTheLog(situation, hypotheses);
  return beside === undefined ? found : [...found, beside];
}

function remaining({ record, balance: { requested, free, total, allocated } }: Case): Diagnosis {
  const used = record.processInUseBytes ?? allocated;
  if (requested === undefined && used === undefined)
    return {
      name: "no-figures",
      message: "The text states no figure, so nothing can be told from it but that memory ran out.",
    };
  const asked = requested === undefined ? "An allocation" : size(requested);
  const beside = used === undefined ? "" : ` beside the ${size(used)} that this process holds`;
  const of = total === undefined ? "" : ` of ${size(total)}`;
  const short =
    requested === undefined || free === undefined
      ? "the text does not say how much was free"
      : `${size(free)} are free, ${size(requested - free)} too little`;
  return { name: "card-full", message: `${asked} did not fit${beside}${of}: ${short}.` };
}
