import { defineExperiment } from "bytesper";

const POLICIES = ["pool per session", "shared pool", "paged blocks"];

export default defineExperiment({
  name: "device-sessions",
  title: "Sessions on the device",
  question:
    "How much device memory does one session's key/value cache really take, and how many sessions fit?",
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
      x: "factors.sessions",
      log: ["x"],
      yLabel: "reserved per session",
      y: ["readings.reservedPerSessionBytes"],
    },
    {
      name: "closing",
      title: "Device memory before and after half of the sessions close",
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
