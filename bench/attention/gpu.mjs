/**
 * Flash attention on a GPU against the back ends of PyTorch's scaled_dot_product_attention, as Markdown on stdout:
 * node bench/attention/gpu.mjs [--device cuda:0] [--runs N]. Skips with a reason where there is no GPU or no PyTorch.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { randomAttention } from "../../dist/device/attention.js";
import { MemoryPool } from "../../dist/device/memory-pool.js";
import { selfCheck } from "../../dist/device/self-check.js";
import { markdownTable } from "../markdown.mjs";

const HIDDEN = 2048;
const ALL_TOKENS = 16_384;
const WARM_UP = 3;

const { values } = parseArgs({
  options: { device: { type: "string", default: "cuda:0" }, runs: { type: "string", default: "20" } },
});

/** The grid of FlashAttention-3's paper: hidden size 2,048 and 16k tokens in all, from 512 to 16k in a sequence. */
function grid() {
  return [64, 128].flatMap((headDim) =>
    [false, true].flatMap((causal) =>
      [512, 1024, 2048, 4096, 8192, 16_384].map((tokens) => ({ headDim, causal, tokens })),
    ),
  );
}

const keyOf = ({ headDim, causal, tokens }) => `${headDim} ${causal} ${tokens}`;

async function ours(pool, runs) {
  const rates = new Map();
  for (const point of grid()) {
    const { headDim, causal, tokens } = point;
    const shape = { batch: ALL_TOKENS / tokens, heads: HIDDEN / headDim, tokens, headDim };
    const times = [];
    for (let run = 0; run < WARM_UP + runs; run += 1) {
      const result = await randomAttention(shape, { pool, kernel: "flash", dtype: "bf16", causal, seed: 1 });
      if (run >= WARM_UP) times.push(result.durationMs);
    }
    times.sort((a, b) => a - b);
    const operations = (4 * shape.batch * shape.heads * tokens ** 2 * headDim) / (causal ? 2 : 1);
    rates.set(keyOf(point), operations / times[times.length >> 1] / 1e9);
  }
  return rates;
}

/** TFLOP/s by back end and point, from the lines of torch_sdpa.py. */
function torch(runs) {
  const script = fileURLToPath(new URL("torch_sdpa.py", import.meta.url));
  const text = execFileSync("python3", [script, "--runs", String(runs)], { encoding: "utf8" });
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

let pool;
try {
  pool = new MemoryPool({ device: values.device });
} catch (error) {
  console.log(`Skipped: ${error.message}`);
  process.exit(0);
}
const wrong = await selfCheck(pool, "", ["flash"], ["bf16", "fp16"]);
if (wrong.length > 0) throw new Error(`flash is wrong on this device: ${JSON.stringify(wrong[0])}`);
const own = await ours(pool, Number(values.runs));
await pool.close();
const lines = torch(Number(values.runs));
const skipped = lines.filter((line) => line.skipped !== undefined && line.tokens === undefined);
for (const { skipped: reason } of skipped) console.log(`PyTorch: skipped, ${reason}`);
const backends = [...new Set(lines.flatMap(({ peer }) => peer ?? []))];
const rows = grid().map((point) => {
  const mine = own.get(keyOf(point));
  const theirs = backends.map((backend) => {
    const line = lines.find(
      (each) => each.peer === backend && each.tflops !== undefined && keyOf(each) === keyOf(point),
    );
    return line === undefined ? "—" : `${line.tflops.toFixed(0)} (${(mine / line.tflops).toFixed(2)})`;
  });
  return [
    String(point.headDim),
    point.causal ? "yes" : "no",
    String(point.tokens),
    mine.toFixed(0),
    ...theirs,
  ];
});
const head = ["head dimension", "causal", "tokens", "bytesper flash, TFLOP/s", ...backends];
console.log(
  `## Attention on a GPU, bf16, forward: TFLOP/s, in brackets ours against it\n\n${markdownTable(head, rows)}`,
);
