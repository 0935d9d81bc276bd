import { defineExperiment } from "bytesper";

const QUESTION =
  "How much memory does attention over n tokens take, does the n x n estimate hold, and up to which n does it fit?";

export default defineExperiment({
  name: "attention-memory",
  title: "Attention memory",
  question: QUESTION,
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
