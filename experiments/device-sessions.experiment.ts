import type { Answer } from "bytesper";
import { defineExperiment } from "bytesper";

const POLICIES = ["pool per session", "shared pool", "paged blocks"];

/** What a session takes by each policy at the most sessions, and how many fit by opening them. */
const answer: Answer = ({ rows, row }, { bytes, percent }) => {
  const most = Math.max(...rows().map(({ factors }) => Number(factors.sessions)));
  const taken = POLICIES.map((policy) => ({ policy, found: row({ policy, sessions: most }) }));
  const formula = bytes(row({ sessions: most }).number("formulaPerSessionBytes"));
  const each = taken.map(({ policy, found }) => {
    const over = found.number("reservedOverFormula") - 1;
    return `${policy} ${found.bytes("reservedPerSessionBytes")} (${over < 0.0005 ? "as the formula says" : `${percent(over)} more than the formula`})`;
  });
  const fits = POLICIES.map((policy) => `${row({ policy }, "capacity").count("openedSessions")} (${policy})`);
  const { count, bytes: size } = row({}, "capacity");
  return `A session of ${formula} by the formula takes, at ${most} sessions: ${each.join(", ")}; ${size("capacityBytes")} holds ${fits.join(", ")}, where the formula says ${count("predictedSessions")}.`;
};

export default defineExperiment({
  name: "device-sessions",
  title: "Sessions on the device",
  question:
    "How much device memory does one session's key/value cache really take, and how many sessions fit?",
  answer,
  unit: "session",
  factors: { policy: POLICIES, sessions: [1, 5, 10, 20, 50, 100] },
  quick: { sessions: [1, 5, 10] },
  repetitions: 1,
  program: "./programs/device-sessions.ts",
  table: {
    title:
      "Key/value caches of Qwen2.5-3B (36 layers, 2 key/value heads of dimension 128, 16 bit), 1,000 tokens each",
    columns: [
      { title: "policy", from: "factors.policy" },
      { title: "sessions", from: "factors.sessions" },
      { title: "formula, per session", from: "readings.formulaPerSessionBytes", unit: "MiB" },
      { title: "held by sessions", from: "readings.heldBytes", unit: "MiB" },
      { title: "used", from: "readings.usedBytes", unit: "MiB" },
      { title: "reserved", from: "readings.reservedBytes", unit: "MiB" },
      { title: "second route", from: "readings.secondRouteBytes", unit: "MiB" },
      { title: "reserved per session", from: "readings.reservedPerSessionBytes", unit: "MiB" },
      { title: "over the formula", from: "readings.reservedOverFormula" },
      { title: "rounding", from: "readings.roundingBytes", unit: "MiB" },
      { title: "unused", from: "readings.fragmentationBytes", unit: "MiB" },
      { title: "half closed: held", from: "readings.halfClosedHeldBytes", unit: "MiB" },
      { title: "reserved", from: "readings.halfClosedReservedBytes", unit: "MiB" },
      { title: "all closed: reserved", from: "readings.allClosedReservedBytes", unit: "MiB" },
    ],
    notes: [
      "The formula is 2 x layers x key/value heads x head dimension x 2 bytes = 36,864 bytes a token. Used and reserved are the pools' own counts. Rounding is what sessions hold beyond the formula; unused is reserved and held by no session.",
      "Half of the sessions close in a random order, then the others. The second route is the change of the process's PSS on the CPU and of the driver's free memory on a GPU.",
    ],
  },
  figures: [
    {
      name: "per-session",
      title: "Device memory reserved for one session",
      finding: ({ rows }, { percent }) => {
        const over = rows().map((row) => ({ row, share: row.number("reservedOverFormula") - 1 }));
        const worst = over.reduce((a, b) => (b.share > a.share ? b : a));
        return `A session takes at most ${percent(worst.share)} more than the formula (${String(worst.row.factors.policy)})`;
      },
      x: "factors.sessions",
      log: ["x"],
      yLabel: "reserved per session",
      y: ["readings.reservedPerSessionBytes"],
    },
    {
      name: "timeline",
      title: "Used and reserved while sessions open, then close in a random order",
      finding: ({ rows }, { bytes }) => {
        const most = Math.max(...rows().map(({ factors }) => Number(factors.sessions)));
        const reserved = (reading: string): number[] =>
          rows({ sessions: most }).map((row) => row.number(reading));
        return `${most} open sessions reserve up to ${bytes(Math.max(...reserved("reservedBytes")))}, and up to ${bytes(Math.max(...reserved("allClosedReservedBytes")))} stay when all are closed`;
      },
      x: "series",
      kind: "step",
      largest: "sessions",
      wide: true,
      yLabel: "memory of the device",
      y: [
        { from: "series.reservedBytes", name: "reserved" },
        { from: "series.usedBytes", name: "used" },
      ],
    },
    {
      name: "closing",
      title: "Device memory before and after half of the sessions close",
      finding: ({ rows }, { percent }) => {
        const most = Math.max(...rows().map(({ factors }) => Number(factors.sessions)));
        const kept = rows({ sessions: most }).map((row) => ({
          row,
          share: row.number("halfClosedReservedBytes") / row.number("reservedBytes"),
        }));
        const worst = kept.reduce((a, b) => (b.share > a.share ? b : a));
        return `With half of ${most} sessions closed, ${String(worst.row.factors.policy)} still hold ${percent(worst.share)} of the memory`;
      },
      x: "factors.policy",
      largest: "sessions",
      yLabel: "device memory",
      y: [
        { from: "readings.heldBytes", name: "all open: held" },
        { from: "readings.reservedBytes", name: "all open: reserved" },
        { from: "readings.halfClosedHeldBytes", name: "half closed: held" },
        { from: "readings.halfClosedReservedBytes", name: "half closed: reserved" },
      ],
    },
    {
      name: "capacity",
      title: "Sessions that fit",
      finding: ({ rows }, { bytes, count }) => {
        const fits = rows({}, "capacity").map((row) => row.number("openedSessions"));
        const [least, most] = [Math.min(...fits), Math.max(...fits)];
        const size = bytes(rows({}, "capacity")[0]?.number("capacityBytes") ?? Number.NaN);
        return `${least === most ? count(most) : `${count(least)} to ${count(most)}`} sessions fit ${size}`;
      },
      part: "capacity",
      x: "factors.policy",
      yLabel: "sessions",
      y: [
        { from: "readings.predictedSessions", name: "by the formula", estimated: true },
        { from: "readings.openedSessions", name: "opened" },
        { from: "readings.reopenedSessions", name: "reopened after half were closed" },
      ],
    },
  ],
  followUps: [
    {
      name: "capacity",
      factors: { policy: POLICIES },
      program: "./programs/device-capacity.ts",
      table: {
        title: "How many sessions fit, by opening them",
        columns: [
          { title: "policy", from: "factors.policy" },
          { title: "capacity", from: "readings.capacityBytes", unit: "MiB" },
          { title: "sessions by the formula", from: "readings.predictedSessions" },
          { title: "sessions opened", from: "readings.openedSessions" },
          { title: "used", from: "readings.usedBytes", unit: "MiB" },
          { title: "reserved", from: "readings.reservedBytes", unit: "MiB" },
          { title: "reopened after half were closed", from: "readings.reopenedSessions" },
        ],
        notes: [
          "Sessions were opened until the next one was refused; then half of them were closed in a random order and opened again until a refusal.",
        ],
      },
    },
  ],
});
