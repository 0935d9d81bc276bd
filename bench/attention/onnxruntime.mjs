/**
 * Attention by onnxruntime-node as one line of JSON:
 * node bench/attention/onnxruntime.mjs [--tokens N] [--threads T] [--runs R]
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { HEADS, HEAD_DIM, attentionInputs, tokensFirst } from "./inputs.mjs";
import { ONNXRUNTIME_FOLDER, installOnnxruntime } from "./install-onnxruntime.mjs";
import { multiHeadAttentionModel } from "./onnx-model.mjs";
import { peerOptions } from "./options.mjs";
import { relativeError } from "./reference.mjs";

const PEER = "onnxruntime-node";
const HIDDEN = HEADS * HEAD_DIM;
const SMALL_TOKENS = 200;
const CHECKED_ROWS = 64;
const TOLERANCE = 1e-4;

async function main({ tokens, threads, runs }) {
  const absent = await installOnnxruntime();
  if (absent !== undefined) return { peer: PEER, skipped: absent };
  let onnxruntime;
  try {
    onnxruntime = createRequire(join(ONNXRUNTIME_FOLDER, "package.json"))("onnxruntime-node");
  } catch (error) {
    return { peer: PEER, skipped: `onnxruntime-node does not load: ${error.message.split("\n")[0]}` };
  }
  const session = await onnxruntime.InferenceSession.create(
    multiHeadAttentionModel({ heads: HEADS, hidden: HIDDEN }),
    { executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 },
  );
  await timeAttention(onnxruntime, session, { tokens: SMALL_TOKENS, runs: 1, step: 1 });
  // Odd, so that the rows lie at different places of their heads.
  const step = Math.floor((HEADS * tokens) / CHECKED_ROWS) | 1;
  const times = await timeAttention(onnxruntime, session, { tokens, runs, step });
  const medianMs = median(times);
  const gflops = (4 * HEADS * tokens ** 2 * HEAD_DIM) / medianMs / 1e6;
  const version = onnxruntime.env.versions.node;
  return { peer: PEER, version, tokens, threads, medianMs, minMs: Math.min(...times), gflops };
}

/** Throws where the output of the last run is wrong. */
async function timeAttention(onnxruntime, session, { tokens, runs, step }) {
  const inputs = attentionInputs(tokens);
  const tensor = (array) => new onnxruntime.Tensor("float32", array, [1, tokens, HIDDEN]);
  const feeds = {
    query: tensor(tokensFirst(inputs.queries, tokens)),
    key: tensor(tokensFirst(inputs.keys, tokens)),
    value: tensor(tokensFirst(inputs.values, tokens)),
  };
  const output = new Float32Array(tokens * HIDDEN);
  const fetches = { output: tensor(output) };
  await session.run(feeds, fetches);
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    output.fill(0);
    const start = performance.now();
    await session.run(feeds, fetches);
    times.push(performance.now() - start);
  }
  const error = relativeError(inputs, output, tokens, step);
  if (!(error < TOLERANCE)) {
    throw new Error(`${PEER}: wrong output at ${tokens} tokens, relative error ${error.toPrecision(3)}`);
  }
  return times;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

try {
  console.log(JSON.stringify(await main(peerOptions(process.argv.slice(2)))));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
