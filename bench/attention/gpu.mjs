/**
 * The speeds of a check on a device as Markdown on stdout: node bench/attention/gpu.mjs gpu-check.json. The file comes
 * from the folder that `npm run gpu:bundle` writes: ours and the back ends of PyTorch's scaled_dot_product_attention,
 * timed in the same way (launches queue up after a warm-up) in the same run, with the clocks of each.
 */
import { readFileSync } from "node:fs";
import { markdownTable } from "../markdown.mjs";

const BACK_ENDS = ["torch cudnn", "torch flash", "torch efficient", "torch math"];

const keyOf = ({ headDim, causal, tokens }) => `${headDim} ${causal} ${tokens}`;

/** Rates by point of each step and kind of kernel, in the order of the check. */
function columnsOf(steps) {
  const columns = new Map();
  for (const { name, records } of steps) {
    for (const record of records) {
      if (typeof record.tflops !== "number") continue;
      const title = record.peer ?? `${record.family}, ${name}`;
      if (!columns.has(title)) columns.set(title, new Map());
      columns.get(title).set(keyOf(record), record);
    }
  }
  return columns;
}

function table(columns) {
  const ours = [...columns.keys()].filter((title) => !BACK_ENDS.includes(title));
  const theirs = BACK_ENDS.filter((title) => columns.has(title));
  const points = new Map(
    [...columns.values()].flatMap((column) => [...column]).map(([key, record]) => [key, record]),
  );
  const rows = [...points].map(([key, { headDim, causal, tokens }]) => {
    const rates = ours.map((title) => columns.get(title).get(key)?.tflops);
    const best = Math.max(...rates.filter((rate) => rate !== undefined));
    return [
      ...[String(headDim), causal ? "yes" : "no", String(tokens)],
      ...rates.map((rate) => (rate === undefined ? "—" : rate.toFixed(0))),
      ...theirs.map((title) => {
        const rate = columns.get(title).get(key)?.tflops;
        if (rate === undefined) return "—";
        return Number.isFinite(best) ? `${rate.toFixed(0)} (${(best / rate).toFixed(2)})` : rate.toFixed(0);
      }),
    ];
  });
  return markdownTable(["head dimension", "causal", "tokens", ...ours, ...theirs], rows);
}

function main(file) {
  const check = JSON.parse(readFileSync(file, "utf8"));
  if (check.schema !== "bytesper/gpu-check@1")
    throw new Error(
      `${file} must be a gpu-check.json with the schema bytesper/gpu-check@1, not ${check.schema}.`,
    );
  const columns = columnsOf(check.steps);
  const failed = check.steps.filter(({ status }) => status === "failed" || status === "timeout");
  const clocks = check.steps
    .filter((step) => step.clocks !== undefined)
    .map(({ name, clocks: read }) => `Clocks and power during ${name}: ${read}.`);
  const notShown = check.steps
    .filter(({ status }) => status === "skipped" || status === "not-run")
    .map(({ name, reason }) => `${name} (${reason})`);
  console.log(
    [
      "## Attention on a GPU, bf16, forward: TFLOP/s, in brackets our best against it",
      columns.size === 0 ? "The check has no speeds." : table(columns),
      `The check of ${check.startedAt}, medians of device events.`,
      ...clocks,
      ...(failed.length === 0
        ? []
        : [`**Failed steps: ${failed.map(({ name, reason }) => `${name} (${reason})`).join(", ")}.**`]),
      ...(notShown.length === 0 ? [] : [`Not shown: ${notShown.join(", ")}.`]),
    ].join("\n\n"),
  );
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Give the gpu-check.json of a check: node bench/attention/gpu.mjs FILE.");
  process.exitCode = 2;
} else main(file);
