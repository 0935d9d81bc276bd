import type { Answer } from "../../base/answer.js";
import { largestOf } from "../../base/stats/extremes.js";
import type { Reading } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import { bytesIn, bytesWithBinaryUnit, counted, fixed, ratio } from "../../base/format.js";
import type { Cell, Table } from "../../base/table/table.js";
import type { PolicyTotals, SimulatedReplay, SimulatedTurn, Simulation } from "../simulation/simulate.js";

/** Most rows in the table of measured attention. The JSON output has all rows. */
const MOST_MEASURED = 12;

/** The first policy beside the one that reads most within the capacity, in a sentence. */
export function simulationAnswer(simulation: Simulation, details: string): Answer {
  const { policies, capacityBytes, promptTokens, notes } = simulation;
  const over = policies.filter(({ conversationsOver }) => conversationsOver > 0);
  const within = policies.filter(({ conversationsOver }) => conversationsOver === 0);
  const best = within.reduce<PolicyTotals | undefined>(
    (most, each) => (most === undefined || each.keptTokens > most.keptTokens ? each : most),
    undefined,
  );
  const room = `${bytesWithBinaryUnit(capacityBytes)} has room for a prompt of ${counted(promptTokens, "token")}`;
  const named = (rows: readonly PolicyTotals[]): string => rows.map(({ policy }) => `"${policy}"`).join(", ");
  return {
    sentences: [
      over.length === 0
        ? `${room}: ${policies.length === 1 ? "the policy stays" : "all policies stay"} within it.`
        : within.length === 0
          ? `${room}: no policy stays within it.`
          : `${room}: ${named(within)} ${within.length === 1 ? "stays" : "stay"} within it, ${named(over)} ${over.length === 1 ? "does" : "do"} not.`,
      ...(best === undefined
        ? []
        : [
            `Of those, "${best.policy}" reads most, ${counted(best.keptTokens, "token")}, and loses ${fixed(best.tokensLost, 0)}.`,
          ]),
    ],
    tone: within.length === 0 ? "bad" : "verdict",
    doubts: notes.map((message) => ({ message })),
    next: ["Each policy and each turn: --verbose. Unrounded: --json."],
    details,
  };
}

/** Tables: what each policy keeps, loses and needs; the turns of one conversation; and the measured attention. */
export function simulationTables(simulation: Simulation, conversation: string): Table[] {
  const curve = simulation.replays.filter((each) => each.conversation === conversation);
  const measured = measuredTable(simulation);
  return [
    totalsTable(simulation),
    curveTable(curve, conversation),
    ...(measured === undefined ? [] : [measured]),
  ];
}

function totalsTable(simulation: Simulation): Table {
  const { model, attention, logits, capacityBytes, promptTokens, tokenizer, conversations } = simulation;
  const rows = simulation.policies.map((totals): Cell[] => [
    totals.policy,
    fixed(totals.turns, 0),
    cellOf(totals.largestInputTokens, (tokens) => fixed(tokens, 0)),
    cellOf(totals.largestPeakBytes, gib),
    cellOf(totals.exceededAtTurn, (turn) => fixed(turn, 0)),
    fixed(totals.conversationsOver, 0),
    fixed(totals.keptTokens, 0),
    fixed(totals.tokensLost, 0),
    resultsLost(totals),
  ]);
  const many = conversations === 1 ? "one conversation" : `${fixed(conversations, 0)} conversations`;
  return {
    caption: `Policies on ${many}: ${model}, ${attention} attention, capacity ${bytesWithBinaryUnit(capacityBytes)}`,
    columns: [
      { title: "policy", align: "left" },
      ...[
        "turns",
        "largest prompt",
        "peak (GiB)",
        "over at turn",
        "conversations over",
        "tokens read",
        "tokens lost",
        "results lost",
      ].map((title) => ({ title, align: "right" as const })),
    ],
    rows,
    notes: [
      `Tokens by ${tokenizer}; peaks are estimates with logits of ${logits === "last" ? "the last position" : "all positions"}. The capacity has room for a prompt of ${fixed(promptTokens, 0)} tokens. GiB is 2^30 bytes.`,
      "Read: tokens of messages that the model read before memory ran out, summed over the turns. Lost: tokens that the last prompt no longer shows, without those of a summary.",
      "K/T/N keeps the last K turns whole, shows at most T turns, and allows N new tokens per turn.",
    ],
  };
}

function resultsLost({ toolResults, toolResultsLost }: PolicyTotals): string {
  return `${fixed(toolResultsLost, 0)} of ${fixed(toolResults, 0)}`;
}

function curveTable(replays: readonly SimulatedReplay[], conversation: string): Table {
  const last = largestOf([0, ...replays.map(({ turns }) => turns.length)]);
  const rows = Array.from({ length: last }, (_, place): Cell[] => [
    fixed(place + 1, 0),
    ...replays.map((each) => turnCell(each, each.turns[place])),
  ]);
  return {
    caption: `Turn by turn: ${conversation}`,
    columns: ["turn", ...replays.map(({ policy }) => policy)].map((title) => ({ title, align: "right" })),
    rows,
    notes: ['Tokens of the prompt / estimated peak in GiB; "over" means that the capacity is too small.'],
  };
}

function turnCell({ refused }: SimulatedReplay, turn: SimulatedTurn | undefined): Cell {
  if (turn === undefined) return { absent: refused?.reason ?? "the conversation had ended" };
  const { inputTokens, peakBytes, overCapacity } = turn;
  return `${overCapacity ? "over " : ""}${fixed(inputTokens, 0)} / ${gib(peakBytes)}`;
}

/** Absent if nothing was measured. */
function measuredTable({ replays }: Simulation): Table | undefined {
  const byTokens = new Map<number, SimulatedTurn>();
  const reasons = new Set<string>();
  for (const turn of replays.flatMap(({ turns }) => turns)) {
    if (isAbsent(turn.measuredPeakBytes)) reasons.add(turn.measuredPeakBytes.absent);
    else byTokens.set(turn.inputTokens, turn);
  }
  const turns = [...byTokens.values()].sort((a, b) => a.inputTokens - b.inputTokens);
  if (turns.length === 0) return undefined;
  const step = Math.max(1, (turns.length - 1) / (MOST_MEASURED - 1));
  const chosen = Array.from(
    { length: Math.min(turns.length, MOST_MEASURED) },
    (_, place) => turns[Math.round(place * step)] as SimulatedTurn,
  );
  return {
    caption: "Peaks with the attention of one layer measured",
    columns: ["tokens", "estimated (GiB)", "measured (GiB)", "measured / estimated"].map((title) => ({
      title,
      align: "right",
    })),
    rows: chosen.map(({ inputTokens, peakBytes, measuredPeakBytes }) => [
      fixed(inputTokens, 0),
      gib(peakBytes),
      gib(measuredPeakBytes as number),
      ratio((measuredPeakBytes as number) / peakBytes),
    ]),
    notes: [
      `Weights, cache and the other terms are estimates; only attention ran. ${fixed(turns.length, 0)} lengths were measured.`,
      ...[...reasons].map((reason) => `Other lengths: ${reason}.`),
    ],
  };
}

function cellOf(reading: Reading, text: (value: number) => string): Cell {
  return isAbsent(reading) ? { absent: reading.absent } : text(reading);
}

function gib(bytes: number): string {
  return bytesIn(bytes, "GiB");
}
