import { availableParallelism, cpus, totalmem } from "node:os";

export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** Without these a time means nothing. */
export function conditions(rounds) {
  const cpu = cpus()[0]?.model.trim() ?? "unknown processor";
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${process.platform} ${process.arch},`,
    `${availableParallelism()} cores of ${cpu}, ${memory} GiB. Times are of whole processes: median of ${rounds}`,
    `runs in alternation, with the fastest and the slowest.`,
  ].join("\n");
}

export function seconds({ medianMs, fastestMs, slowestMs }) {
  const text = (ms) => (ms / 1000).toFixed(2);
  return `${text(medianMs)} s (${text(fastestMs)} to ${text(slowestMs)})`;
}

/** "4,408", with up to two decimals where there are any. */
export function bytesText(bytes) {
  return bytes.toLocaleString("en-US", { maximumFractionDigits: 2 });
}
