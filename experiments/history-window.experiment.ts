import { defineExperiment } from "bytesper";
import { openCorpus } from "bytesper/corpus";

const ESTIMATED_MESSAGE_BYTES = 500;
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
  estimate: ({ window }, context) => {
    const corpus = openCorpus(context);
    const messages = 2 * Number(window);
    let text = 0;
    for (let session = 0; session < SESSIONS; session++) text += corpus.textBytes(session, messages);
    const perMessage = text / SESSIONS / messages;
    return [
      {
        name: "500 bytes a message",
        bytes: ESTIMATED_MESSAGE_BYTES,
        formula: `${ESTIMATED_MESSAGE_BYTES} bytes`,
        covers: ["strings"],
      },
      {
        name: "text length",
        bytes: perMessage,
        formula: `${perMessage.toFixed(1)} bytes of text in its encoding, mean of ${SESSIONS} sessions`,
        covers: ["strings"],
      },
    ];
  },
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
