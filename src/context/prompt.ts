import type { Announcements } from "./announcements.js";
import { withAnnouncements } from "./announcements.js";
import type { Message } from "./message.js";
import type { Shown } from "./shown.js";
import { GONE, NOTICE, PAGE } from "./shown.js";
import type { Texts } from "./texts.js";

export interface Prompt {
  messages: Message[];
  /** Tokens of the messages and of the beginning of the answer. */
  inputTokens: number;
  announcements: Announcements;
}

/**
 * The messages as the model sees them. The text for older turns follows the first `preamble` messages;
 * announcements are added to the end of the newest message.
 */
export function composePrompt(
  texts: Texts,
  shown: Shown,
  preamble: number,
  announced: { forms: readonly Announcements[]; most: number },
): Prompt {
  const messages: Message[] = [];
  let newest = -1;
  for (let index = 0; index < shown.length; index++) {
    if (index === preamble) messages.push(...substitutes(texts, shown));
    if (shown.state(index) === GONE) continue;
    newest = index;
    messages.push(shownMessage(texts, shown, index));
  }
  const { counter } = texts;
  const inputTokens = shown.total + substituteTokens(texts, shown) + counter.replyTokens;
  const last = messages.at(-1);
  const canCarry = newest >= 0 && (last?.role === "user" || last?.role === "tool");
  // Text may be added only to a message of the user or of a tool. Otherwise it would look like the model's
  // own words.
  const carrier: Message = canCarry ? last : { role: "system", content: "" };
  const before = canCarry ? shown.cost(newest) : 0;
  for (const announcements of announced.forms) {
    if (Object.keys(announcements).length === 0) break;
    const message = { ...carrier, content: withAnnouncements(carrier.content, announcements) };
    const extra = counter.message(message) - before;
    if (extra > announced.most) continue;
    messages.splice(canCarry ? messages.length - 1 : messages.length, canCarry ? 1 : 0, message);
    return { messages, inputTokens: inputTokens + extra, announcements };
  }
  return { messages, inputTokens, announcements: {} };
}

function shownMessage(texts: Texts, shown: Shown, index: number): Message {
  const state = shown.state(index);
  if (state === NOTICE) return texts.notice(index).message;
  const most = state === PAGE ? shown.pageTokens.get(index) : undefined;
  return most === undefined
    ? texts.message(index)
    : texts.firstPage(index, most, shown.postponed.has(index)).message;
}

/** The texts that replace turns which are not shown. */
function substitutes(texts: Texts, shown: Shown): Message[] {
  const { summary, dropped } = shown;
  return [
    ...(summary === undefined ? [] : [texts.summary(summary.text, summary.lastTurn).message]),
    ...(dropped ? [texts.gap().message] : []),
  ];
}

function substituteTokens(texts: Texts, shown: Shown): number {
  return (shown.summary?.tokens ?? 0) + (shown.dropped ? texts.gap().tokens : 0);
}
