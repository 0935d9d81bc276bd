import type { Answer } from "bytesper";
import { defineExperiment } from "bytesper";

const QUESTION =
  "How much memory does attention over n tokens take, does the n x n estimate hold, and up to which n does it fit?";

/** From this distance on, an estimate is not said to hold. */
const HOLDS_WITHIN = 0.1;

/** The estimate against the measured scores, and what fits with and without keeping them. */
const answer: Answer = ({ rows, row }, { bytes, count, percent, times }) => {
  const measured = rows().filter((each) => each.has("naiveScoresOverEstimate"));
  const off = measured.map((each) => Math.abs(each.number("naiveScoresOverEstimate") - 1));
  const tokens = measured.map((each) => Number(each.factors.tokens));
  if (off.length === 0) row().number("naiveScoresOverEstimate");
  const largest = Math.max(...off);
  const worst = measured[off.indexOf(largest)];
  const longest = Math.max(...tokens);
  const at = measured.filter((each) => each.factors.tokens === longest);
  const there = Math.max(...at.map((each) => Math.abs(each.number("naiveScoresOverEstimate") - 1)));
  const holds = largest <= HOLDS_WITHIN ? "holds" : "does not hold everywhere";
  const kept = row({ kernel: "naive", dtype: "fp32" }, "frontier");
  const flash = row({ kernel: "flash", dtype: "fp32" }, "frontier");
  const more = flash.has("largestTokens")
    ? `${times(flash.number("largestTokens") / kept.number("largestTokens"))} as many`
    : flash.count("largestTokens");
  return `The n x n estimate of the scores ${holds}: it is off by ${percent(there)} at ${count(longest)} tokens and at most by ${percent(largest)}, at ${count(Number(worst?.factors.tokens))}; ${kept.count("largestTokens")} tokens fit ${bytes(kept.number("capacityBytes"))} in fp32, and flash, which keeps no scores, fits ${more}.`;
};

export default defineExperiment({
  name: "attention-memory",
  title: "Attention memory",
  question: QUESTION,
  answer,
  unit: "token",
  factors: {
    dtype: ["fp32", "fp16"],
    tokens: [1000, 2000, 5000, 10_000, 12_000, 15_000, 20_000],
  },
  quick: { dtype: ["fp32"], tokens: [1000, 2000] },
  repetitions: 1,
  program: "./programs/attention-memory.ts",
  table: {
    title: "Attention of 16 heads of dimension 128, scores kept (naive) and not kept (flash)",
    columns: [
      { title: "tokens", from: "factors.tokens" },
      { title: "dtype", from: "factors.dtype" },
      { title: "cells per head", from: "readings.cellsPerHead" },
      { title: "estimated scores", from: "readings.estimatedScoreBytes", unit: "MiB" },
      { title: "naive used", from: "readings.naiveUsedHighWaterBytes", unit: "MiB" },
      { title: "naive reserved", from: "readings.naiveReservedHighWaterBytes", unit: "MiB" },
      { title: "second route", from: "readings.naiveSecondRouteBytes", unit: "MiB" },
      { title: "measured / estimated", from: "readings.naiveScoresOverEstimate" },
      { title: "flash used", from: "readings.flashUsedHighWaterBytes", unit: "MiB" },
      { title: "flash second route", from: "readings.flashSecondRouteBytes", unit: "MiB" },
      { title: "flash extra", from: "readings.flashExtraBytes", unit: "MiB" },
      { title: "naive", from: "readings.naiveMs" },
      { title: "flash", from: "readings.flashMs" },
    ],
    notes: [
      "Estimated scores are tokens^2 x heads x bytes of a score. Used and reserved are high-water marks of the pool and hold queries, keys, values and output as well; these are taken off before measured is divided by estimated. Extra is what flash takes beside them.",
      "The second route is not the pool's own sum: it is the change of the process's PSS on the CPU and of the driver's free memory on a GPU.",
    ],
  },
  figures: [
    {
      name: "memory",
      title: "Attention memory, measured and estimated",
      finding: ({ row }, { bytes, count }) => {
        const kept = row({ kernel: "naive", dtype: "fp32" }, "frontier");
        return `Kept scores fill ${bytes(kept.number("capacityBytes"))} at ${count(kept.number("largestTokens"))} tokens in fp32`;
      },
      x: "factors.tokens",
      log: ["x", "y"],
      wide: true,
      yLabel: "memory",
      y: [
        { from: "readings.naiveUsedHighWaterBytes", name: "naive, used", group: "naive" },
        {
          from: "readings.estimatedScoreBytes",
          name: "estimate: n x n scores",
          group: "naive",
          estimated: true,
        },
        { from: "readings.flashUsedHighWaterBytes", name: "flash, used" },
      ],
      marks: [
        { axis: "y", at: "settings.deviceCapBytes", label: "capacity {value}" },
        {
          axis: "x",
          at: "readings.largestTokens",
          part: "frontier",
          where: { kernel: "naive", dtype: "fp32" },
          label: "naive {dtype} fits {value}",
        },
        {
          axis: "x",
          at: "readings.largestTokens",
          part: "frontier",
          where: { kernel: "naive", dtype: "fp16" },
          label: "naive {dtype} fits {value}",
        },
      ],
    },
    {
      name: "copies",
      title: "Bytes per score of common eager implementations",
      finding: ({ rows }) => {
        const each = rows({}, "copies").map((row) => row.number("bytesPerScore"));
        const [least, most] = [Math.min(...each), Math.max(...each)].map((value) => value.toFixed(1));
        return least === most
          ? `Eager attention holds ${least} bytes per score`
          : `Eager attention holds ${least} to ${most} bytes per score`;
      },
      part: "copies",
      x: "factors.dtype",
      y: ["readings.bytesPerScore"],
    },
  ],
  followUps: [
    {
      name: "copies",
      factors: { dtype: ["fp32", "fp16", "bf16"], causal: [false, true] },
      quick: { dtype: ["bf16"], causal: [false] },
      program: "./programs/attention-copies.ts",
      table: {
        title: "Bytes per score that common eager implementations hold at once",
        columns: [
          { title: "dtype", from: "factors.dtype" },
          { title: "causal mask", from: "factors.causal" },
          { title: "tokens", from: "readings.tokens" },
          { title: "bytes per score", from: "readings.bytesPerScore" },
          { title: "used", from: "readings.usedHighWaterBytes", unit: "MiB" },
          { title: "time", from: "readings.durationMs" },
        ],
        notes: [
          "Scores in the type of the model, scaled and masked into copies, a softmax result in fp32 (bf16 is widened first), and the cast back; the workspace of the threads is in it.",
        ],
      },
    },
    {
      name: "frontier",
      factors: { kernel: ["naive", "eager", "flash"], dtype: ["fp32", "fp16", "bf16"] },
      quick: { kernel: ["naive", "flash"], dtype: ["fp32"] },
      program: "./programs/attention-frontier.ts",
      table: {
        title: "The largest attention that fits",
        columns: [
          { title: "kernel", from: "factors.kernel" },
          { title: "dtype", from: "factors.dtype" },
          { title: "capacity", from: "readings.capacityBytes", unit: "MiB" },
          { title: "tokens by the formula", from: "readings.predictedTokens" },
          { title: "tokens that fit", from: "readings.largestTokens" },
          { title: "used there", from: "readings.usedHighWaterBytes", unit: "MiB" },
          { title: "one more token asks for", from: "readings.refusedRequestBytes", unit: "MiB" },
          { title: "attempts", from: "readings.attempts" },
        ],
        notes: [
          "Found by search: every attempt takes the memory of the whole attention from a pool with that cap, and one more token did not fit. The formula counts queries, keys, values, output and the bytes per score of the kernel.",
        ],
      },
    },
  ],
});
