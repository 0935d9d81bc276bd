import type { SummariseOptions, SummaryRequest } from "./rules.js";
import { sentence } from "../base/sentence.js";

/** The answer of the callback, or the reason for a failure, as a sentence without full stop. */
export async function askForSummary(
  { callback }: SummariseOptions,
  request: SummaryRequest,
): Promise<string | { failure: string }> {
  let answer: unknown;
  try {
    answer = await callback(request);
  } catch (error) {
    return {
      failure: `The summary of ${request.messages.length} messages failed (${sentence(error)})`,
    };
  }
  if (typeof answer === "string" && answer.trim() !== "") return answer;
  return {
    failure: `The summary of ${request.messages.length} messages is ${answer === "" ? "empty" : "no text"}`,
  };
}
