import { defineExperiment } from "bytesper";
import { messageEstimates } from "./message-estimates.js";

const SESSIONS = 24;

export default defineExperiment({
  name: "history-window",
  title: "History window",
  question: "How many bytes does one more message in a session's history cost?",
  unit: "message",
  factors: { window: [10, 20, 50, 100, 200] },
  instances: SESSIONS,
  unitsPerInstance: ({ window }) => 2 * Number(window),
  subject: "./subjects/session.ts",
  estimate: ({ window }, context) =>
    messageEstimates({ messages: 1, perSession: 2 * Number(window), sessions: SESSIONS }, context),
  table: {
    title: "One session with a full window",
    columns: [
      { title: "window (exchanges)", from: "factors.window" },
      { title: "messages", from: "unitsPerInstance" },
      { title: "total", from: "perInstanceBytes" },
      { title: "per message", from: "perUnitBytes" },
    ],
  },
});
