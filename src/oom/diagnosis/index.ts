import { bytesWithBinaryUnit as size } from "../../base/format.js";
import { balanceOf } from "../balance.js";
import type { LogFacts } from "../facts.js";
import { fill } from "../fill.js";
import type { Finding } from "../grammar/grammar.js";
import type { Hypothesis } from "../hypotheses.js";
import { frameworkOf } from "../frameworks.js";
import type { OomRecord } from "../record.js";
import { cardFull, fragmentation, notVisible, otherProcess, slightFragmentation, spill } from "./card.js";
import type { Case, Diagnosis, Rule } from "./diagnosis.js";
import { isHost } from "./diagnosis.js";
import { besideTheLog } from "./growth.js";
import {
  allocatorCap,
  arenaRefused,
  cacheTooSmall,
  compiledProgram,
  hostLimit,
  noContext,
} from "./limits.js";
import { absurdRequest, byAHair, neverFits, refusedAlthoughFree } from "./request.js";

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
  arenaRefused,
  noContext,
  compiledProgram,
  absurdRequest,
  neverFits,
  cacheTooSmall,
  allocatorCap,
  spill,
  refusedAlthoughFree,
  fragmentation,
  otherProcess,
  cardFull,
  slightFragmentation,
  notVisible,
  hostLimit,
];

/** What happened, the clearest finding first; at least one. */
export function diagnose(
  record: OomRecord,
  facts: LogFacts,
  hypotheses: readonly Hypothesis[],
  finding?: Finding,
): Diagnosis[] {
  const situation: Case = { record, facts, balance: balanceOf(record) };
  if (finding !== undefined) {
    const [name, message] = finding;
    // Many messages of a refused request are the same for a request that no machine could grant.
    const absurd = name === "host-memory" || name === "card-full" ? absurdRequest(situation) : undefined;
    return [absurd ?? { name, message: fill(message, record) }];
  }
  const found = RULES.flatMap((rule) => rule(situation) ?? []);
  if (found.length === 0) found.push(byAHair(situation) ?? remaining(situation));
  const beside = besideTheLog(situation, hypotheses);
  return beside === undefined ? found : [...found, beside];
}

function remaining({ record, balance: { requested, free, total, allocated } }: Case): Diagnosis {
  const used = record.processInUseBytes ?? allocated;
  if (requested === undefined && used === undefined)
    return {
      name: "no-figures",
      message: `${frameworkOf(record.framework).title} got no more memory${isHost(record) ? "" : " of the card"}, and the text states no figure.`,
    };
  const asked = requested === undefined ? "An allocation" : size(requested);
  const beside = used === undefined ? "" : ` beside the ${size(used)} that this process holds`;
  const of = total === undefined ? "" : ` of ${size(total)}`;
  const short =
    requested === undefined || free === undefined
      ? "the text does not say how much was free"
      : requested > free
        ? `${size(free)} are free, ${size(requested - free)} too little`
        : `${size(free)} are free`;
  return { name: "card-full", message: `${asked} did not fit${beside}${of}: ${short}.` };
}
