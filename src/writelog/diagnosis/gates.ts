import { fixed, percent } from "../../base/format.js";
import type { Gate } from "../analysis/gates.js";
import type { Rule } from "./rule.js";
import { HARDLY_EVER, MOST, MOST_RUNS, runNames, span } from "./rule.js";

export const gates: Rule = ({ gates: chain, commits }) => {
  const candidates = chain[0]?.arrived ?? 0;
  if (candidates === 0) return undefined;
  const stopping = chain.filter(({ stopped }) => stopped > 0);
  const first = stopping[0];
  const most = stopping.reduce<Gate | undefined>(
    (found, gate) => (found === undefined || gate.stopped > found.stopped ? gate : found),
    undefined,
  );
  if (first === undefined || most === undefined) return undefined;
  const parts = stopping.map(
    ({ gate, stopped, arrived }) =>
      `${gate} ${fixed(stopped, 0)} of ${fixed(arrived, 0)} (${percent(stopped / arrived, 1)})`,
  );
  const earliest =
    first === most
      ? `The first gate, ${first.gate}, also stops the most`
      : `The first gate that stops any is ${first.gate}; the gate that stops the most is ${most.gate}`;
  return {
    name: "first-gate",
    message: `Of ${fixed(candidates, 0)} decisions on a candidate ${fixed(commits.count, 0)} end in a commit (${percent(commits.count / candidates)}). In their order, the gates stop: ${parts.join(", ")}. ${earliest} (lines ${span(most)}).`,
    lines: stopping.flatMap(({ reasons }) =>
      reasons.flatMap(({ firstLine, lastLine }) => [firstLine, lastLine]),
    ),
  };
};

/** The sum over all runs may hide that in each run another gate stops most. */
export const gateByRun: Rule = ({ runs }) => {
  if (runs.length < 2) return undefined;
  const byGate = new Map<string, { text: string; lines: number[] }[]>();
  for (const { run, gates: chain } of runs) {
    const most = chain.reduce<Gate | undefined>(
      (found, gate) => (gate.stopped > (found?.stopped ?? 0) ? gate : found),
      undefined,
    );
    if (most === undefined) continue;
    const text = `${run} (${fixed(most.stopped, 0)} of ${fixed(most.arrived, 0)}, lines ${span(most)})`;
    const lines = most.reasons.flatMap(({ firstLine, lastLine }) => [firstLine, lastLine]);
    byGate.set(most.gate, [...(byGate.get(most.gate) ?? []), { text, lines }]);
  }
  if (byGate.size === 0) return undefined;
  const parts = [...byGate].map(([gate, list]) => {
    const shown = list.slice(0, MOST_RUNS).map(({ text }) => text);
    const more = list.length - shown.length;
    return `${gate} in ${list.length === 1 ? "run" : "runs"} ${shown.join(", ")}${more > 0 ? ` and ${fixed(more, 0)} more` : ""}`;
  });
  return {
    name: "first-gate-by-run",
    message: `In each run, the gate that stops the most is ${parts.join("; ")}.`,
    lines: [...byGate.values()].flat().flatMap(({ lines }) => lines),
  };
};

export const merges: Rule = ({ merges: byReason, gates: chain, events }) => {
  const similarity = chain.find(({ gate }) => gate === "similarity");
  const rows = Object.values(byReason).reduce((sum, merge) => sum + merge.rows, 0);
  if (similarity === undefined || rows < MOST * similarity.stopped || rows < HARDLY_EVER * events)
    return undefined;
  const parts = Object.entries(byReason).map(
    ([reason, merge]) => `${reason} ${fixed(merge.rows, 0)} (${percent(merge.share)})`,
  );
  return {
    name: "near-merge-dominance",
    message: `Merges are ${fixed(rows, 0)} of ${fixed(events, 0)} events (${percent(rows / events, 1)}), by reason ${parts.join(", ")}: ${rows >= MOST * (similarity.arrived || 1) ? "most candidates that reach the similarity gate are merged into an existing item" : "many are merged into an existing item"} (lines ${span(similarity)}).`,
    lines: similarity.reasons.flatMap(({ firstLine, lastLine }) => [firstLine, lastLine]),
  };
};

export const rateLimit: Rule = ({ gates: chain, runs }) => {
  const limit = chain.find(({ gate }) => gate === "rate limit");
  if (limit?.passRate === undefined || limit.stopped >= HARDLY_EVER * limit.arrived) return undefined;
  const without = runs.filter(({ gates: own }) =>
    own.some(({ gate, arrived, stopped }) => gate === "rate limit" && arrived > 0 && stopped === 0),
  );
  const { low, high } = limit.passRate;
  return {
    name: "rate-limit-not-binding",
    message: `The rate limit stopped ${fixed(limit.stopped, 0)} of the ${fixed(limit.arrived, 0)} that reached it (95 %: ${percent(1 - high, 1)} to ${percent(1 - low, 1)})${limit.stopped > 0 ? ` (lines ${span(limit)})` : ""}${without.length > 0 ? `, and none in ${runNames(without)}` : ""}: a higher limit would add almost nothing.`,
    lines: limit.reasons.flatMap(({ firstLine, lastLine }) => [firstLine, lastLine]),
  };
};

export const threshold: Rule = ({ runs }) => {
  const parts = runs.flatMap(({ run, scores: { merged, committed } }) => {
    if (merged === undefined) return [];
    const commit =
      committed === undefined
        ? ""
        : `, commits up to ${fixed(committed.max, 3)} (line ${fixed(committed.maxLine, 0)})`;
    return {
      text: `run ${run} merges at similarities from ${fixed(merged.min, 3)} (line ${fixed(merged.minLine, 0)})${commit}`,
      lines: [merged.minLine],
    };
  });
  if (parts.length === 0) return undefined;
  return {
    name: "threshold-in-force",
    message: `The merge threshold is not above the lowest similarity that was merged: ${parts
      .slice(0, MOST_RUNS)
      .map(({ text }) => text)
      .join("; ")}.`,
    lines: parts.flatMap(({ lines }) => lines),
  };
};
