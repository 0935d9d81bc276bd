import { defineExperiment } from "bytesper";
import { messageEstimates } from "./message-estimates.js";

const MESSAGES = 20;

export default defineExperiment({
  name: "session-scaling",
  title: "Session scaling",
  question: "How many bytes does one more chat session of 20 messages cost, and how many are paid once?",
  unit: "session",
  factors: { sessions: [1, 5, 10, 20, 50, 100, 1000, 10_000] },
  quick: { sessions: [1, 5, 10, 20, 50, 100] },
  population: "sessions",
  fits: ["256 MiB", "512 MiB", "1 GB", "1 GiB", "2 GiB"],
  subject: "./subjects/session.ts",
  estimate: ({ sessions }, context) =>
    messageEstimates({ messages: MESSAGES, perSession: MESSAGES, sessions: Number(sessions) }, context),
  table: {
    title: "Sessions of 20 messages",
    columns: [
      { title: "sessions", from: "factors.sessions" },
      { title: "RSS change", from: "readings.rssBytes", unit: "KiB" },
      { title: "heap", from: "readings.heapBytes" },
      { title: "external", from: "readings.externalBytes" },
      { title: "native", from: "readings.nativeBytes" },
      { title: "per session, less the fixed cost", from: "perUnitBytes" },
    ],
  },
});
