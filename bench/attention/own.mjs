/**
 * Our own attention as one line of JSON:
 * node bench/attention/own.mjs --kernel flash [--isa avx2] [--tokens N] [--threads T] [--runs R]
 */
import { fileURLToPath } from "node:url";
import { randomAttention } from "../../dist/device/attention.js";
import { MemoryPool } from "../../dist/device/memory-pool.js";
import { selfCheck } from "../../dist/device/self-check.js";
import { loadAddon } from "../../dist/system/native/load.js";
import { lastJsonLine, runProgram } from "../harness.mjs";
import { HEADS, HEAD_DIM } from "./inputs.mjs";
import { peerOptions } from "./options.mjs";

const PROGRAM = fileURLToPath(import.meta.url);
const WARM_UP = 2;

async function main({ kernel, isa, tokens, threads, runs }) {
  const instructionSet = isa ?? loadAddon().cpuInstructionSets()[0];
  const pool = new MemoryPool();
  // As in a training loop or a server: what one call took is there for the next.
  await pool.setReleaseThreshold(Number.POSITIVE_INFINITY);
  const wrong = await selfCheck(pool, instructionSet, [kernel], ["fp32"]);
  if (wrong.length > 0) throw new Error(`${kernel} with ${instructionSet} is off by ${wrong[0].error}`);
  const shape = { heads: HEADS, tokens, headDim: HEAD_DIM };
  const times = [];
  let extraBytes = 0;
  for (let run = 0; run < WARM_UP + runs; run += 1) {
    const result = await randomAttention(shape, { pool, kernel, threads, instructionSet, seed: 1 });
    extraBytes = result.usedHighWaterBytes - result.inputOutputBytes;
    if (run >= WARM_UP) times.push(result.durationMs);
  }
  await pool.close();
  times.sort((a, b) => a - b);
  const medianMs = times[times.length >> 1];
  const gflops = (4 * HEADS * tokens ** 2 * HEAD_DIM) / medianMs / 1e6;
  const peer = `bytesper ${kernel}`;
  return { peer, instructionSet, tokens, threads, medianMs, minMs: times[0], gflops, extraBytes };
}

/** Our kernels as contestants; where the widest instructions are not AVX2, also on these. */
export function ownContestants() {
  const sets = loadAddon().cpuInstructionSets();
  const narrower = sets.indexOf("avx2") > 0 ? ["avx2"] : [];
  return ["flash", "naive"].flatMap((kernel) =>
    [undefined, ...narrower].map((isa) => {
      const peer = `bytesper ${kernel}${isa === undefined ? "" : `, ${isa}`}`;
      const args = ["--kernel", kernel, ...(isa === undefined ? [] : ["--isa", isa])];
      return {
        peer,
        run: async ({ tokens, threads, runs }) => {
          const numbers = ["--tokens", tokens, "--threads", threads, "--runs", runs].map(String);
          const { stdout } = await runProgram(process.execPath, [PROGRAM, ...args, ...numbers]);
          return { ...lastJsonLine(stdout), peer };
        },
      };
    }),
  );
}

if (process.argv[1] === PROGRAM) {
  const text = { type: "string" };
  const options = peerOptions(process.argv.slice(2), { kernel: { ...text, default: "flash" }, isa: text });
  console.log(JSON.stringify(await main(options)));
}
