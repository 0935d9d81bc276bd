import type { Answer } from "bytesper";
import { defineExperiment } from "bytesper";

const QUESTION =
  "What does pruning an agent's history cost in lost tokens and buy in memory, and which policy loses least under a capacity?";
const POLICIES = ["none", "3/8/700", "2/6/500", "1/4/300", "summaries", "budget"];
const WORKLOADS = ["tool-use", "heavy"];

const CAPACITY_BYTES = 14.74 * 2 ** 30;

/** For each kind of tool results: where no pruning ends, and the policy that stays under the capacity and loses least. */
const answer: Answer = ({ rows }, { bytes, count }) => {
  const told = WORKLOADS.flatMap((workload) => {
    const all = rows({ workload });
    const none = all.find(({ factors }) => factors.policy === "none");
    const within = all.filter((row) => row.number("conversationsOver") === 0);
    const best = within.reduce<(typeof all)[number] | undefined>(
      (a, b) => (a === undefined || b.number("tokensLost") < a.number("tokensLost") ? b : a),
      undefined,
    );
    if (all.length === 0) return [];
    const name = workload === "heavy" ? "heavy tool results" : `${workload} conversations`;
    if (none !== undefined && within.includes(none))
      return [
        `${name}, nothing needs pruning: the whole history stays under ${bytes(CAPACITY_BYTES)}, at an estimated peak of ${none.bytes("largestPeakBytes")}`,
      ];
    const bare =
      none === undefined
        ? ""
        : `a history that nothing prunes is over ${bytes(CAPACITY_BYTES)} at turn ${none.count("exceededAtTurn")}; `;
    const kept =
      best === undefined
        ? "no policy stays under it"
        : `of the policies that stay under it, ${String(best.factors.policy)} loses least: ${count(best.number("tokensLost"))} tokens and ${best.count("toolResultsLost")} of ${best.count("toolResults")} tool results, at an estimated peak of ${best.bytes("largestPeakBytes")}`;
    return [`${name}, ${bare}${kept}`];
  });
  return `${told.join(". With ")}.`.replace(/^/, "With ");
};

export default defineExperiment({
  name: "pruning-policy",
  title: "Pruning policies",
  question: QUESTION,
  answer,
  unit: "turn",
  factors: { workload: WORKLOADS, policy: POLICIES },
  quick: { workload: ["heavy"], policy: ["budget"] },
  repetitions: 1,
  program: "./programs/pruning-policy.ts",
  table: {
    title: "Policies on generated agents' conversations: Qwen2.5-3B, flash attention, 14.74 GiB",
    columns: [
      { title: "tool results", from: "factors.workload" },
      { title: "policy", from: "factors.policy" },
      { title: "turns", from: "readings.turns" },
      { title: "largest prompt", from: "readings.largestInputTokens" },
      { title: "peak", from: "readings.largestPeakBytes", unit: "GiB" },
      { title: "over at turn", from: "readings.exceededAtTurn" },
      { title: "sessions over", from: "readings.conversationsOver" },
      { title: "tokens read", from: "readings.keptTokens" },
      { title: "tokens lost", from: "readings.tokensLost" },
      { title: "results lost", from: "readings.toolResultsLost" },
      { title: "of results", from: "readings.toolResults" },
      { title: "measured at", from: "readings.measuredAtTokens" },
      { title: "measured / estimated", from: "readings.measuredOverEstimatedPeak" },
    ],
    notes: [
      "K/T/N keeps the last K turns whole, shows T turns at most and lets the model write N tokens a turn; budget lets go what the capacity or the longest prompt of the model (32,768 tokens) requires and no more. Heavy results have 3,000 to 5,000 tokens; the others follow those of real agents.",
      "Read: tokens of the messages as they came, over all turns before the first that is over the capacity, where a session ends. Lost: those that the last prompt no longer shows, less a summary in their place.",
      "Peaks are estimates. Measured is the peak with the attention of one layer really run, at the longest prompt of the policy budget that the time allowed.",
    ],
  },
  figures: [
    {
      name: "tokens-heavy",
      title: "Tokens of the prompt at every turn, heavy tool results",
      finding: ({ rows }, { count }) => {
        const most = (policy: string): number =>
          rows({ workload: "heavy", policy })[0]?.number("largestInputTokens") ?? Number.NaN;
        const [only] = rows({ workload: "heavy" });
        if (!Number.isFinite(most("none") + most("budget")))
          return only === undefined
            ? "Tokens of the prompt at every turn, heavy tool results"
            : `Heavy tool results take the prompt to ${only.count("largestInputTokens")} tokens (${String(only.factors.policy)})`;
        return most("budget") < most("none")
          ? `Heavy tool results take the prompt to ${count(most("none"))} tokens; the budget holds it at ${count(most("budget"))}`
          : `Heavy tool results take the prompt to ${count(most("none"))} tokens, which fit without pruning`;
      },
      where: { workload: "heavy" },
      x: "series",
      log: ["y"],
      yLabel: "tokens",
      y: ["series.inputTokens"],
      panels: true,
      wide: true,
    },
    {
      name: "peaks",
      title: "Estimated peak at every turn, heavy tool results",
      finding: ({ rows }, { bytes }) => {
        const none = rows({ workload: "heavy", policy: "none" })[0];
        const budget = rows({ workload: "heavy", policy: "budget" })[0];
        const [only] = rows({ workload: "heavy" });
        if (only === undefined) return "Estimated peak at every turn, heavy tool results";
        if (none === undefined || budget === undefined)
          return `With heavy tool results the peak grows to ${only.bytes("largestPeakBytes")} (${String(only.factors.policy)})`;
        return none.has("exceededAtTurn")
          ? `Without pruning the peak is over ${bytes(CAPACITY_BYTES)} at turn ${none.count("exceededAtTurn")}; with a budget it stays at ${budget.bytes("largestPeakBytes")}`
          : `Without pruning the peak stays at ${none.bytes("largestPeakBytes")}, under ${bytes(CAPACITY_BYTES)}`;
      },
      where: { workload: "heavy" },
      x: "series",
      log: ["y"],
      yLabel: "estimated peak",
      y: ["series.peakBytes"],
      marks: [{ axis: "y", at: CAPACITY_BYTES, label: "capacity {value}" }],
      panels: true,
      wide: true,
    },
  ],
  followUps: [
    {
      name: "curve",
      factors: { workload: WORKLOADS, turn: [8, 16, 32] },
      quick: { workload: ["heavy"], turn: [8] },
      program: "./programs/pruning-curve.ts",
      table: {
        title: "Tokens of the prompt, turn by turn",
        columns: [
          { title: "tool results", from: "factors.workload" },
          { title: "turn", from: "factors.turn" },
          { title: "none", from: "readings.noneTokens" },
          { title: "3/8/700", from: "readings.keep3Tokens" },
          { title: "2/6/500", from: "readings.keep2Tokens" },
          { title: "1/4/300", from: "readings.keep1Tokens" },
          { title: "summaries", from: "readings.summariesTokens" },
          { title: "budget", from: "readings.budgetTokens" },
          { title: "peak of none", from: "readings.nonePeakBytes", unit: "GiB" },
          { title: "peak of budget", from: "readings.budgetPeakBytes", unit: "GiB" },
        ],
        notes: ["Of the first conversation; the journal has every turn of each policy."],
      },
    },
  ],
});
