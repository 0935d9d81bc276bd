import type { Estimate, EstimateContext } from "bytesper";
import { openCorpus } from "bytesper/corpus";

const GUESSED_MESSAGE_BYTES = 500;

/**
 * Two estimates of the bytes of messages in one unit: by a round guess for each message, and by the text alone. A
 * unit has `messages` of the `perSession` messages in each of `sessions` sessions.
 */
export function messageEstimates(
  { messages, perSession, sessions }: { messages: number; perSession: number; sessions: number },
  context: EstimateContext,
): Estimate[] {
  const corpus = openCorpus(context);
  let text = 0;
  for (let session = 0; session < sessions; session++) text += corpus.textBytes(session, perSession);
  const perUnit = (text / sessions / perSession) * messages;
  return [
    {
      name: `${GUESSED_MESSAGE_BYTES} bytes a message`,
      bytes: messages * GUESSED_MESSAGE_BYTES,
      formula: `${messages} x ${GUESSED_MESSAGE_BYTES} bytes of messages`,
      covers: ["strings"],
    },
    {
      name: "text length",
      bytes: perUnit,
      formula: `${perUnit.toLocaleString("en-US", { maximumFractionDigits: 1 })} bytes of text in its encoding, mean of ${sessions} sessions`,
      covers: ["strings"],
    },
  ];
}
