import type { Answer } from "bytesper";
import { defineExperiment } from "bytesper";

const CACHES = ["dense bf16", "paged bf16", "dense fp8", "paged fp8"];

/** What a session of the longest length reserves in each cache, what a token reads of it, and how many fit. */
const answer: Answer = ({ rows, row }, { bytes, percent, count }) => {
  const tokens = Math.max(...rows().map(({ factors }) => Number(factors.tokens)));
  const each = CACHES.map((cache) => {
    const found = row({ cache, tokens });
    const over = found.number("reservedOverEstimate") - 1;
    return `${cache} ${found.bytes("reservedPerSessionBytes")} (${over < 0.0005 ? "as the estimate says" : `${percent(over)} more than the estimate`}; a token reads ${bytes(found.number("readPerTokenBytes"))})`;
  });
  const fits = CACHES.map((cache) => `${row({ cache }, "capacity").count("openedSessions")} (${cache})`);
  return `A session of ${count(tokens)} tokens reserves: ${each.join(", ")}; ${row({}, "capacity").bytes("capacityBytes")} holds ${fits.join(", ")} sessions of 1,000 tokens.`;
};

export default defineExperiment({
  name: "session-decode",
  title: "Sessions that talk, on the device",
  question:
    "What does a session hold on the device while it talks, how much of that does each new token read, and how many sessions fit?",
  answer,
  unit: "session",
  factors: { cache: CACHES, tokens: [500, 1000, 2000, 4000] },
  quick: { tokens: [500, 1000] },
  repetitions: 1,
  program: "./programs/session-decode.ts",
  table: {
    title:
      "Four sessions of Qwen2.5-3B (36 layers, 16 heads over 2 key/value heads of dimension 128): their caches, and the attention of one new token of each",
    columns: [
      { title: "cache", from: "factors.cache" },
      { title: "tokens", from: "factors.tokens" },
      { title: "estimate, per session", from: "readings.estimatedPerSessionBytes", unit: "MiB" },
      { title: "used, per session", from: "readings.usedPerSessionBytes", unit: "MiB" },
      { title: "reserved, per session", from: "readings.reservedPerSessionBytes", unit: "MiB" },
      { title: "reserved / estimate", from: "readings.reservedOverEstimate" },
      { title: "reserved in all", from: "readings.poolReservedBytes", unit: "MiB" },
      { title: "at most while growing", from: "readings.growingReservedBytes", unit: "MiB" },
      { title: "second route", from: "readings.secondRouteBytes", unit: "MiB" },
      { title: "a token reads", from: "readings.readPerTokenBytes", unit: "MiB" },
      { title: "read / used", from: "readings.readOverHeld" },
      { title: "workspace", from: "readings.workspaceBytes", unit: "MiB" },
      { title: "a token of each", from: "readings.tokenMs" },
      { title: "tokens a second", from: "readings.tokensPerSecond" },
      { title: "plain read (GB/s)", from: "readings.bandwidthGbPerSecond" },
      { title: "share of it", from: "readings.bandwidthShare" },
    ],
    notes: [
      "The estimate is what `bytesper estimate` says from the model's config: 2 x layers x key/value heads x head dimension x bytes x tokens. Used is what sessions hold: dense caches exactly the estimate, 8-bit caches their scales besides, paged ones whole pages of 16 tokens. Reserved is what the pool took from the device, whole slabs of 64 pages.",
      "Each session grows to its length in four steps; a dense cache takes the longer block before the old one goes back. Workspace is queries, output and the parts of the sum.",
      "A token of each is the attention of all layers alone, without weights; the median of the three fastest of seven passes (of three with --quick), for other work of the machine only ever makes a pass slower. The plain read goes over the same blocks from end to end with all cores, in turns with the passes, so that what the processor's caches hold helps both; a share is bytes read by decode per second over that.",
    ],
  },
  figures: [
    {
      name: "per-session",
      title: "Device memory of one session by its length",
      finding: ({ rows }, { percent }) => {
        const over = rows().map((row) => ({ row, share: row.number("reservedOverEstimate") - 1 }));
        const worst = over.reduce((a, b) => (b.share > a.share ? b : a));
        return `A session reserves at most ${percent(worst.share)} more than the estimate (${String(worst.row.factors.cache)}, ${String(worst.row.factors.tokens)} tokens)`;
      },
      x: "factors.tokens",
      log: ["x", "y"],
      yLabel: "reserved per session",
      y: [
        { from: "readings.reservedPerSessionBytes", name: "reserved" },
        { from: "readings.estimatedPerSessionBytes", name: "estimate", estimated: true },
      ],
    },
    {
      name: "tokens-per-second",
      title: "Tokens a second, attention alone",
      finding: ({ rows }, { percent }) => {
        const known = rows().filter((row) => row.has("bandwidthShare"));
        // Where none is known, the first one gives the reason.
        const shares = (known.length > 0 ? known : rows()).map((row) => row.number("bandwidthShare"));
        return `Attention reads its cache at ${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} of the speed of a plain read`;
      },
      x: "factors.tokens",
      log: ["x"],
      yLabel: "tokens a second",
      y: ["readings.tokensPerSecond"],
    },
    {
      name: "capacity",
      title: "Sessions of 1,000 tokens that fit",
      finding: ({ rows }, { bytes, count }) => {
        const capacity = rows({}, "capacity");
        const fits = capacity.map((row) => row.number("openedSessions"));
        return `${count(Math.min(...fits))} to ${count(Math.max(...fits))} sessions fit ${bytes(capacity[0]?.number("capacityBytes") ?? Number.NaN)}`;
      },
      part: "capacity",
      x: "factors.cache",
      yLabel: "sessions",
      y: [
        { from: "readings.predictedSessions", name: "by the estimate", estimated: true },
        { from: "readings.openedSessions", name: "opened" },
      ],
    },
  ],
  followUps: [
    {
      name: "capacity",
      factors: { cache: CACHES },
      program: "./programs/session-decode-capacity.ts",
      table: {
        title: "How many sessions of 1,000 tokens fit, by opening them",
        columns: [
          { title: "cache", from: "factors.cache" },
          { title: "capacity", from: "readings.capacityBytes", unit: "MiB" },
          { title: "sessions by the estimate", from: "readings.predictedSessions" },
          { title: "sessions opened", from: "readings.openedSessions" },
          { title: "used", from: "readings.usedBytes", unit: "MiB" },
          { title: "reserved", from: "readings.reservedBytes", unit: "MiB" },
        ],
        notes: ["The cap is that of the search: 4 GiB of a host's memory unless a cap is given."],
      },
    },
  ],
});
