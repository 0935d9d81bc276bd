import type { ChatFormat } from "../../../../src/context/chat-format.js";
import { History } from "../../../../src/context/history.js";
import type { Message } from "../../../../src/context/message.js";
import type { Policy } from "../../../../src/context/policy.js";
import type { Tokenizer } from "../../../../src/context/tokenizer.js";
import type { HistoryOptions } from "../../../../src/context/turn.js";

/** A token a word, so that tests can count by hand. */
export const WORDS: Tokenizer = {
  name: "words",
  count: (text) => text.split(/\s+/).filter((word) => word !== "").length,
};

/** Nothing around messages, calls without a text. */
export const BARE: ChatFormat = { messageTokens: 0, replyTokens: 0, text: ({ content }) => content };

/** A text of so many words. */
export function words(count: number, word = "word"): string {
  return Array.from({ length: count }, () => word).join(" ");
}

/** A history that counts words. */
export function wordHistory(policy: Policy, options: Partial<HistoryOptions> = {}): History {
  return new History({ tokenizer: WORDS, format: BARE, policy, ...options });
}

/** A call of the assistant's and its result, of so many words each. */
export function call(id: string, result: number, text = 5): Message[] {
  return [
    {
      role: "assistant",
      content: words(text, "calling"),
      toolCalls: [{ id, name: "search", arguments: "{}" }],
    },
    { role: "tool", content: words(result, "result"), toolCallId: id },
  ];
}

export function user(count: number): Message {
  return { role: "user", content: words(count, "request") };
}

export function answer(count: number): Message {
  return { role: "assistant", content: words(count, "answer") };
}

/** Adds messages as an agent does: before each of the assistant's a prompt is made; answers the last prompt. */
export async function play(
  history: History,
  messages: readonly Message[],
): Promise<Awaited<ReturnType<History["next"]>>[]> {
  const turns = [];
  for (const message of messages) {
    if (message.role === "assistant") turns.push(await history.next());
    history.add(message);
  }
  turns.push(await history.next());
  return turns;
}

/** The last of a list that has one. */
export function last<T>(list: readonly T[]): T {
  const item = list.at(-1);
  if (item === undefined) throw new Error("the list is empty");
  return item;
}
