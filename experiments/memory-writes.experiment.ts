import { defineExperiment } from "bytesper";
import { COMPETING, NEAR_MERGE_ALONE, NEAR_MERGE_OFF, VARIANTS } from "./programs/memory-writes-ablations.js";
import { STREAMS } from "./programs/memory-writes-controls.js";
import { FULL, LOW, QUICK } from "./programs/memory-writes-plan.js";

const QUESTION = `How does the threshold of near merges decide the size of a gated memory, and is it the reason why ${LOW} freezes one at a handful of items?`;

export default defineExperiment({
  name: "memory-writes",
  title: "Writes of a gated memory",
  question: QUESTION,
  unit: "item",
  factors: { near_merge_thr: [LOW, 0.25, 0.4, 0.55, 0.7, 0.84, 0.95] },
  quick: { near_merge_thr: [LOW, 0.4, 0.95] },
  repetitions: 1,
  program: "./programs/memory-writes.ts",
  table: {
    title: "Thresholds of near merges, all other gates at their defaults",
    columns: [
      { title: "near_merge_thr", from: "factors.near_merge_thr" },
      { title: "items", from: "readings.memSize" },
      { title: "least", from: "readings.memSizeLow" },
      { title: "most", from: "readings.memSizeHigh" },
      { title: "after 1/4", from: "readings.memSizeQuarter" },
      { title: "after 1/2", from: "readings.memSizeHalf" },
      { title: "by formula", from: "readings.expected" },
      { title: "merges / rows", from: "readings.mergeShare" },
      { title: "stages", from: "readings.stages" },
      { title: "promotions", from: "readings.promotions" },
      { title: "promote / stage", from: "readings.promotePerStage" },
      { title: "per item", from: "readings.bytesPerItemBytes" },
      { title: "its numbers, by formula", from: "readings.estimateBytes" },
      { title: "measured / formula", from: "readings.measuredOverEstimate" },
    ],
    notes: [
      `Means over ${FULL.sweepSeeds} streams of ${FULL.steps} steps (${QUICK.sweepSeeds} of ${QUICK.steps} under --quick), about one event a step: 64 dimensions, 24 clusters, expected similarity 0.8 within a cluster and 0.3 across.`,
      "By formula: if every similarity were as expected, a cluster would be full once m of its items and 3 - m others are as similar, in the mean, as the threshold says. That makes 24 m items, one in all where m is 0, or what 6 writes in 100 steps allow. Chance lets some pass that the formula stops, and stops some that it lets pass.",
      "Bytes per item are heap and external memory that go when the memory drops its items, in the last stream. The formula counts 4 bytes for each number of an item's value and of its row in the block of keys, spare rows included; the rest is objects.",
    ],
  },
  figures: [
    {
      name: "size",
      title: "Items of the memory by the threshold of near merges",
      finding: ({ rows }, { count }) => {
        const items = rows().map((row) => ({
          at: String(row.factors.near_merge_thr),
          items: row.number("memSize"),
        }));
        const [least, most] = [
          items.reduce((a, b) => (b.items < a.items ? b : a)),
          items.reduce((a, b) => (b.items > a.items ? b : a)),
        ];
        return `The memory ends with ${count(least.items)} items at a threshold of ${least.at} and ${count(most.items)} at ${most.at}`;
      },
      x: "factors.near_merge_thr",
      log: ["y"],
      yLabel: "items at the end",
      y: [
        { from: "readings.memSize", name: "measured" },
        { from: "readings.expected", name: "by formula", estimated: true },
      ],
    },
    {
      name: "growth",
      title: "Items over the steps of one stream",
      finding: ({ rows }, { count }) => {
        const ends = rows().map((row) => ({
          at: String(row.factors.near_merge_thr),
          items: row.number("memSize"),
        }));
        const sorted = ends.sort((a, b) => a.items - b.items);
        const [least, most] = [sorted[0], sorted.at(-1)];
        if (least === undefined || most === undefined) return "Items over the steps of one stream";
        return `Streams end at ${count(least.items)} items on average with a threshold of ${least.at}, and at ${count(most.items)} with ${most.at}`;
      },
      x: "series",
      kind: "step",
      log: ["y"],
      yLabel: "items",
      y: ["series.memSize"],
      wide: true,
    },
  ],
  followUps: [
    {
      name: "gates",
      factors: { near_merge_thr: [LOW] },
      program: "./programs/memory-writes-gates.ts",
      table: {
        title: `Is near merge the reason at ${LOW}? Items with each gate taken away`,
        columns: [
          { title: "near_merge_thr", from: "factors.near_merge_thr" },
          { title: "all gates on", from: "readings.allOn" },
          ...[NEAR_MERGE_OFF, NEAR_MERGE_ALONE, ...COMPETING, ...VARIANTS].map(({ title, reading }) => ({
            title,
            from: `readings.${reading}`,
          })),
          { title: "predicted", from: "readings.predicted" },
          { title: "mean similarity", from: "readings.meanSimilarity" },
          { title: "events above", from: "readings.aboveShare" },
          { title: "confirmed", from: "readings.confirmed" },
        ],
        notes: [
          `Means over the same ${FULL.gateSeeds} streams (${QUICK.gateSeeds} under --quick). Near merge alone has none of the gates to its right. Predicted is the mean of ${FULL.predictionSeeds} draws (${QUICK.predictionSeeds} under --quick) and is compared with as many streams.`,
          "Confirmed (1) needs all of these, a factor of 2 apart counting as different: the memory is larger without near merge, no larger with near merge alone, no larger without any one of the other gates, and as large as predicted. The sentence at the head of the page says it with the numbers.",
        ],
      },
    },
    {
      name: "streams",
      factors: { stream: STREAMS },
      quick: { stream: STREAMS.slice(0, 1) },
      program: "./programs/memory-writes-controls.ts",
      table: {
        title: `Other streams and neighbours, at ${LOW}: measured and predicted`,
        columns: [
          { title: "stream", from: "factors.stream" },
          { title: "items", from: "readings.memSize" },
          { title: "least", from: "readings.memSizeLow" },
          { title: "most", from: "readings.memSizeHigh" },
          { title: "predicted", from: "readings.predicted" },
          { title: "least", from: "readings.predictedLow" },
          { title: "most", from: "readings.predictedHigh" },
          { title: "predicted / measured", from: "readings.predictedOverMeasured" },
          { title: "last growth at step", from: "readings.lastGrowth" },
        ],
        notes: [
          `Over ${FULL.streamSeeds} streams each (${QUICK.streamSeeds} under --quick), ${FULL.longSteps} steps where three times as long; with 5 streams least and most enclose the median with 93.8 %. The prediction uses the settings alone: similarities are normal numbers of variance 1 / dimension about the expected ones. It leaves out that items which passed the gate point away from one another, so that the next one meets more of them: it is an upper estimate, the more so the fewer the dimensions.`,
        ],
      },
    },
  ],
});
