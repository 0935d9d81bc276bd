/**
 * Flash attention on a GPU against the back ends of PyTorch's scaled_dot_product_attention, as Markdown on stdout:
 * node bench/attention/gpu.mjs [--device cuda:0] [--runs N] [--sm90] [--dry-run]. Skips with a reason where there is
 * no GPU or no PyTorch. --sm90 takes the kernels for compute capability 9.0, which nothing takes by itself; --dry-run
 * prints the grid and runs nothing.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { randomAttention } from "../../dist/device/attention.js";
import { MemoryPool } from "../../dist/device/memory-pool.js";
import { compareWithReference, ERROR_LIMITS, selfCheck } from "../../dist/device/self-check.js";
import { markdownTable } from "../markdown.mjs";
import { watchClocks } from "./clocks.mjs";

const HIDDEN = 2048;
const ALL_TOKENS = 16_384;
const WARM_UP = 3;

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "cuda:0" },
    runs: { type: "string", default: "20" },
    sm90: { type: "boolean", default: false },
    "dry-run": { type: "boolean", default: false },
  },
});
if (values.sm90) process.env.BYTESPER_FLASH = "sm90";

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
    rates.set(keyOf(point), operationsOf(point) / times[times.length >> 1] / 1e9);
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

/** Back ends of torch_sdpa.py, in its order. */
const BACK_ENDS = ["flash", "cudnn", "efficient", "math"];

/** Floating-point operations in the convention of the paper, half of them in causal order; heads x headDim is HIDDEN. */
function operationsOf({ causal, tokens }) {
  return (4 * ALL_TOKENS * HIDDEN * tokens) / (causal ? 2 : 1);
}

function plan() {
  const rows = grid().map((point) => [
    String(point.headDim),
    point.causal ? "yes" : "no",
    String(point.tokens),
    String(ALL_TOKENS / point.tokens),
    String(HIDDEN / point.headDim),
    (operationsOf(point) / 1e12).toFixed(3),
  ]);
  const head = ["head dimension", "causal", "tokens", "batch", "heads", "TFLOP"];
  const ours = values.sm90 ? "bytesper flash (sm90)" : "bytesper flash";
  return `${markdownTable(head, rows)}\n\n${rows.length} points, each for ${[ours, ...BACK_ENDS.map((name) => `torch ${name}`)].join(", ")}; ${values.runs} runs of each after a warm-up, medians.`;
}

/** Several tiles a processor, several blocks of keys, tails: what the small sizes of the self-check do not reach. */
const LONGER = [64, 128].map((headDim) => ({ batch: 2, heads: 16, kvHeads: 4, tokens: 1500, headDim }));

async function check(pool) {
  const wrong = await selfCheck(pool, "", ["flash"], ["bf16", "fp16"]);
  const checked = await compareWithReference(pool, {
    instructionSet: "",
    kernels: ["flash"],
    dtypes: ["bf16", "fp16"],
    shapes: LONGER,
  });
  wrong.push(...checked.filter(({ error, dtype }) => !(error <= ERROR_LIMITS[dtype])));
  if (wrong.length > 0) throw new Error(`flash is wrong on this device: ${JSON.stringify(wrong[0])}`);
}

async function main() {
  let pool;
  try {
    pool = new MemoryPool({ device: values.device });
  } catch (error) {
    console.log(`Skipped: ${error.message}`);
    return;
  }
  await check(pool);
  const ourWatch = watchClocks(values.device);
  const own = await ours(pool, Number(values.runs));
  const ourClocks = await ourWatch.stop();
  await pool.close();
  const theirWatch = watchClocks(values.device);
  const lines = torch(Number(values.runs));
  const theirClocks = await theirWatch.stop();
  const skipped = lines.filter((line) => line.skipped !== undefined && line.tokens === undefined);
  for (const { skipped: reason } of skipped) console.log(`PyTorch: skipped, ${reason}`);
  const versions = lines.find(({ torch: version }) => version !== undefined);
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
  const name = values.sm90 ? "bytesper flash (sm90), TFLOP/s" : "bytesper flash, TFLOP/s";
  const head = ["head dimension", "causal", "tokens", name, ...backends];
  const software =
    versions === undefined
      ? ""
      : ` ${versions.device}, PyTorch ${versions.torch}, CUDA ${versions.cuda}, cuDNN ${versions.cudnn}.`;
  console.log(
    `## Attention on a GPU, bf16, forward: TFLOP/s, in brackets ours against it\n\n${markdownTable(head, rows)}\n\n` +
      `${values.runs} runs of each point, medians of device events.${software}\n\n` +
      `Clocks and power during ours: ${ourClocks}.\nDuring PyTorch's: ${theirClocks}.`,
  );
}

if (values["dry-run"]) {
  console.log(plan());
} else {
  await main();
}
