import { defineExperiment } from "bytesper";
import { openCorpus } from "bytesper/corpus";

const MESSAGES = 20;
const ESTIMATED_MESSAGE_BYTES = 500;

export default defineExperiment({
  name: "session-scaling",
  title: "Session scaling",
  question: "How many bytes does one more chat session of 20 messages cost, and how many are paid once?",
  unit: "session",
  factors: { sessions: [1, 5, 10, 20, 50, 100, 1000, 10_000] },
  quick: { sessions: [1, 5, 10, 20, 50, 100] },
  population: "sessions",
  subject: "./subjects/session.ts",
  estimate: (factors, context) => {
    const corpus = openCorpus(context);
    const sessions = Math.max(1, Number(factors.sessions));
    let text = 0;
    for (let session = 0; session < sessions; session++) text += corpus.textBytes(session, MESSAGES);
    const perSession = text / sessions;
    return [
      {
        name: "500 bytes a message",
        bytes: MESSAGES * ESTIMATED_MESSAGE_BYTES,
        formula: `${MESSAGES} messages x ${ESTIMATED_MESSAGE_BYTES} bytes`,
        covers: ["strings"],
      },
      {
        name: "text length",
        bytes: perSession,
        formula: `${Math.round(perSession).toLocaleString("en-US")} bytes of text in its encoding, mean of ${sessions} sessions`,
        covers: ["strings"],
      },
    ];
  },
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
