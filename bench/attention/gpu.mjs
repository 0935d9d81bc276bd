/**
 * The speeds of a check on a device as Markdown on stdout: node bench/attention/gpu.mjs gpu-check.json. The file comes
 * from the folder that `npm run gpu:bundle` writes: ours and the back ends of PyTorch's scaled_dot_product_attention,
 * timed in the same way (launches queue up after a warm-up) in the same run, with the clocks of each; and decode beside a
 * plain read of the same memory. Ends with 1 where a step of the check failed.
 */
import { readFileSync } from "node:fs";
import { markdownTable } from "../markdown.mjs";

const BACK_ENDS = ["torch cudnn", "torch flash", "torch efficient", "torch math"];

/**
 * What stands in one cell a point: the records of each column by point. Records of other steps have none of `figure`.
 *
 * @param figure the field that is shown: the larger, the better
 * @param keys the fields that make a point
 */
function columnsOf(steps, { figure, keys }) {
  const columns = new Map();
  const points = new Map();
  for (const { name, records } of steps) {
    for (const record of records) {
      const cells = keys.map((key) => record[key]);
      if (typeof record[figure] !== "number" || cells.includes(undefined)) continue;
      const title = record.peer ?? (record.family === undefined ? name : `${record.family}, ${name}`);
      if (!columns.has(title)) columns.set(title, new Map());
      columns.get(title).set(String(cells), record);
      points.set(String(cells), cells);
    }
  }
  return { columns, points };
}

const rounded = (value) => (value === undefined ? "—" : value.toFixed(0));

/** One row a point. A peer's cell has our best against it in brackets. */
function table(steps, { figure, keys, titles, share }) {
  const { columns, points } = columnsOf(steps, { figure, keys });
  if (points.size === 0) return undefined;
  const ours = [...columns.keys()].filter((title) => !BACK_ENDS.includes(title));
  const theirs = BACK_ENDS.filter((title) => columns.has(title));
  const rows = [...points].map(([key, cells]) => {
    const of = (title) => columns.get(title).get(key);
    const rates = ours.map((title) => of(title)?.[figure]);
    const best = Math.max(...rates.filter((rate) => rate !== undefined));
    const shares = share === undefined ? [] : ours.map((title) => of(title)?.[share]);
    return [
      ...cells.map((cell) => (typeof cell === "boolean" ? (cell ? "yes" : "no") : String(cell))),
      ...rates.map(rounded),
      ...shares.map((each) => (each === undefined ? "—" : `${(100 * each).toFixed(0)} %`)),
      ...theirs.map((title) => {
        const rate = of(title)?.[figure];
        const against = rate !== undefined && Number.isFinite(best) ? ` (${(best / rate).toFixed(2)})` : "";
        return rounded(rate) + against;
      }),
    ];
  });
  const shareTitles = share === undefined ? [] : ours.map((title) => `${title}, of a plain read`);
  return markdownTable([...titles, ...ours, ...shareTitles, ...theirs], rows);
}

const ATTENTION = {
  figure: "tflops",
  keys: ["headDim", "causal", "tokens"],
  titles: ["head dimension", "causal", "tokens"],
};
const DECODE = {
  figure: "gbPerSecond",
  keys: ["cache", "headDim", "sequences", "tokens"],
  titles: ["cache", "head dimension", "sequences", "tokens of each"],
  share: "shareOfPlainRead",
};

function main(file) {
  const check = JSON.parse(readFileSync(file, "utf8"));
  if (check.schema !== "bytesper/gpu-check@1")
    throw new Error(
      `${file} must be a gpu-check.json with the schema bytesper/gpu-check@1, not ${check.schema}.`,
    );
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
      table(check.steps, ATTENTION) ?? "The check has no speeds.",
      "## Decode on a GPU, one new token a sequence: GB/s of its cache, in brackets our best against it",
      table(check.steps, DECODE) ?? "The check has no speeds of decode.",
      `The check of ${check.startedAt}, medians of device events.`,
      ...clocks,
      ...(failed.length === 0
        ? []
        : [`**Failed steps: ${failed.map(({ name, reason }) => `${name} (${reason})`).join(", ")}.**`]),
      ...(notShown.length === 0 ? [] : [`Not shown: ${notShown.join(", ")}.`]),
    ].join("\n\n"),
  );
  if (failed.length > 0) process.exitCode = 1;
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Give the gpu-check.json of a check: node bench/attention/gpu.mjs FILE.");
  process.exitCode = 2;
} else main(file);
