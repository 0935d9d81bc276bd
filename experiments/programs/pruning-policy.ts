import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import type { PolicyTotals, SimulatedTurn } from "bytesper/context";
import { simulated } from "./pruning-setting.js";

const FULL = { conversations: 2, turns: 32, measureMs: 2500 };
const QUICK = { conversations: 1, turns: 12, measureMs: 800 };

/** Attention is measured for one policy only: the prompts of the others have similar lengths. */
const MEASURED_POLICY = "budget";

/** Runs one policy on several conversations. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { conversations, turns, measureMs } = context.quick ? QUICK : FULL;
  const policy = String(context.factors.policy);
  const totals: PolicyTotals[] = [];
  const played: SimulatedTurn[] = [];
  let first: SimulatedTurn[] = [];
  const said = new Set<string>();
  for (let conversation = 0; conversation < conversations; conversation++) {
    const { simulation, notices } = await simulated(context, {
      policies: [policy],
      turns,
      conversation,
      measureMs: conversation === 0 && policy === MEASURED_POLICY ? measureMs : 0,
    });
    totals.push(...simulation.policies);
    const rows = simulation.replays.flatMap((each) => each.turns);
    played.push(...rows);
    if (conversation === 0) {
      context.emit({ curve: rows });
      first = rows;
    }
    for (const notice of [...notices, ...simulation.notes]) said.add(notice);
  }
  const sum = (value: (each: PolicyTotals) => number): number =>
    totals.reduce((total, each) => total + value(each), 0);
  return {
    readings: {
      turns: sum((each) => each.turns),
      largestInputTokens: extreme(Math.max, totals, (each) => each.largestInputTokens),
      largestPeakBytes: extreme(Math.max, totals, (each) => each.largestPeakBytes),
      exceededAtTurn: extreme(Math.min, totals, (each) => each.exceededAtTurn),
      conversationsOver: sum((each) => each.conversationsOver),
      keptTokens: sum((each) => each.keptTokens),
      tokensLost: sum((each) => each.tokensLost),
      toolResultsLost: sum((each) => each.toolResultsLost),
      toolResults: sum((each) => each.toolResults),
      ...longestMeasured(played),
    },
    series: [
      {
        reading: "inputTokens",
        over: "turn",
        points: first.map(({ turn, inputTokens }) => [turn, inputTokens] as const),
      },
      {
        reading: "peakBytes",
        over: "turn",
        points: first.map(({ turn, peakBytes }) => [turn, peakBytes] as const),
      },
    ],
    warnings: [...said].map((message) => ({ name: "simulation", message })),
  };
}

/** The extreme value over the conversations that have the reading. If none has it, the reason of the first. */
function extreme(
  of: (...values: number[]) => number,
  totals: readonly PolicyTotals[],
  value: (each: PolicyTotals) => ProgramReading,
): ProgramReading {
  const readings = totals.map(value);
  const numbers = readings.filter((reading) => typeof reading === "number");
  return numbers.length > 0 ? of(...numbers) : (readings[0] ?? { absent: "there was no conversation" });
}

function longestMeasured(turns: readonly SimulatedTurn[]): Record<string, ProgramReading> {
  const measured = turns.filter(({ measuredPeakBytes }) => typeof measuredPeakBytes === "number");
  const [longest] = measured.sort((a, b) => b.inputTokens - a.inputTokens);
  if (longest === undefined) {
    const [first] = turns;
    const reading = first?.measuredPeakBytes ?? { absent: "there was no turn to measure" };
    return { measuredAtTokens: reading, measuredPeakBytes: reading, measuredOverEstimatedPeak: reading };
  }
  const bytes = longest.measuredPeakBytes as number;
  return {
    measuredAtTokens: longest.inputTokens,
    measuredPeakBytes: bytes,
    measuredOverEstimatedPeak: bytes / longest.peakBytes,
  };
}
