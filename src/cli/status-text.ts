import { visibleLines } from "../base/table/visible.js";
import type { Answer } from "../base/answer.js";
import { bytesWithBinaryUnit, counted } from "../base/format.js";
import type { RunStatus } from "../runner/engine/status.js";

/** Where the run stands; the cells that run now are told before it with `--verbose`, and up to two without. */
export function statusAnswer(status: RunStatus): Answer {
  const { planned, done, failed, outcomes, running, leftMs, state } = status;
  const who = "pid" in status.runner ? ` (process ${status.runner.pid} on ${status.runner.host})` : "";
  const ended = Object.entries(outcomes)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
  const left =
    typeof leftMs === "number" ? `about ${time(leftMs)} left` : `time left unknown: ${leftMs.absent}`;
  const now = running.map(runningText);
  return {
    sentences: [
      `Run ${state}${who}: ${done + failed} of ${counted(planned, "cell")} ended${ended === "" ? "" : ` (${ended})`}${state === "running" ? `, ${left}` : ""}${state === "finished" && planned > done + failed ? "; the others were not needed" : ""}.`,
      ...now.slice(0, SHOWN),
    ],
    ...(failed > 0 ? { tone: "doubt" as const } : {}),
    doubts: [
      ...status.messages.map((message) => ({ message })),
      ...(status.torn
        ? [
            {
              message:
                "The last record of the journal is incomplete; the next resume keeps it in a file beside the journal.",
            },
          ]
        : []),
    ],
    next: [
      state === "stopped"
        ? `Go on with: bytesper resume ${status.journal}`
        : `Run ${status.runId}, last record ${status.changedAt}: ${status.journal}`,
    ],
    details: visibleLines(
      [
        `Run ${status.runId}, last record ${status.changedAt}, journal ${status.journal}`,
        ...now,
        ...(status.turns > 0 ? [counted(status.turns, "streamed record")] : []),
      ].join("\n"),
    ),
  };
}

const SHOWN = 2;

function runningText({ label, attempt, sinceMs, rssBytes, capBytes }: RunStatus["running"][number]): string {
  const memory =
    typeof rssBytes === "number"
      ? `RSS ${bytesWithBinaryUnit(rssBytes)}`
      : `memory unknown: ${rssBytes.absent}`;
  const cap = capBytes === undefined ? "" : ` of ${bytesWithBinaryUnit(capBytes)}`;
  return `${label}${attempt > 1 ? ` (attempt ${attempt})` : ""} runs for ${time(sinceMs)}, ${memory}${cap}.`;
}

function time(ms: number): string {
  return ms < 90_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;
}
