import { visibleLines } from "../base/table/visible.js";
import { bytesWithBinaryUnit } from "../base/format.js";
import type { RunStatus } from "../runner/engine/status.js";

export function statusText(status: RunStatus): string {
  const { planned, done, failed, outcomes, running, leftMs } = status;
  const who = "pid" in status.runner ? ` (process ${status.runner.pid} on ${status.runner.host})` : "";
  const ended = Object.entries(outcomes)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
  const left =
    typeof leftMs === "number" ? `about ${time(leftMs)} left` : `time left unknown: ${leftMs.absent}`;
  const lines = [
    `Run ${status.runId}: ${status.state}${who}`,
    `${done + failed} of ${planned} cells ended${ended === "" ? "" : ` (${ended})`}${status.state === "running" ? `, ${left}` : ""}`,
    ...running.map(({ label, attempt, sinceMs, rssBytes, capBytes }) => {
      const memory =
        typeof rssBytes === "number"
          ? `RSS ${bytesWithBinaryUnit(rssBytes)}`
          : `memory unknown: ${rssBytes.absent}`;
      const cap = capBytes === undefined ? "" : ` of ${bytesWithBinaryUnit(capBytes)}`;
      return `  ${label}${attempt > 1 ? ` (attempt ${attempt})` : ""}: for ${time(sinceMs)}, ${memory}${cap}`;
    }),
    ...(status.turns > 0 ? [`${status.turns} streamed records`] : []),
    ...status.messages,
    ...(status.torn
      ? ["The end of the journal is torn; the next resume keeps what was cut off beside it."]
      : []),
    ...(status.state === "stopped" ? [`Go on with: bytesper resume ${status.journal}`] : []),
    `Last record ${status.changedAt}, journal ${status.journal}`,
  ];
  return `${visibleLines(lines.join("\n"))}\n`;
}

function time(ms: number): string {
  return ms < 90_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;
}
