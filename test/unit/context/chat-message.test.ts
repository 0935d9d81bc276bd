import { expect, test } from "vitest";
import { fromChatMessage, toChatMessage } from "../../../src/context/chat-message.js";
import { KEEP_ALL } from "../../../src/context/policy.js";
import { BytesperError } from "../../../src/base/errors.js";
import { WORDS, wordHistory } from "./support/words.js";

const CALL = {
  role: "assistant",
  content: "",
  tool_calls: [{ id: "c1", type: "function", function: { name: "search", arguments: '{"q":1}' } }],
} as const;
const RESULT = { role: "tool", content: "found", tool_call_id: "c1", name: "search" } as const;

test.each([CALL, RESULT, { role: "user", content: "hi" }, { role: "system", content: "rules" }])(
  "$role: there and back it is the same",
  (message) => {
    expect(toChatMessage(fromChatMessage(message))).toEqual(message);
  },
);

test("a pure call may have null for its content, and parts are one text", () => {
  expect(fromChatMessage({ ...CALL, content: null }).content).toBe("");
  expect(
    fromChatMessage({
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    }).content,
  ).toBe("a\nb");
});

test.each([
  [null, /^The message has no role; expected one of system/],
  [{ role: "user" }, /^The message has no content/],
  [{ role: "function", content: "x" }, /^The message has the role "function"; expected one of system/],
  [{ ...CALL, tool_calls: [{ function: {} }] }, /a tool call without an id or a name/],
])("%j is one sentence", (message, sentence) => {
  expect(() => fromChatMessage(message)).toThrow(sentence);
});

test.each([
  [null, "Message 1 of the history is null; expected { role, content }."],
  ["hi", "Message 1 of the history is a string; expected { role, content }."],
  [
    CALL,
    "Message 1 of the history has tool_calls, as chat interfaces write it; add fromChatMessage(message).",
  ],
  [
    RESULT,
    "Message 1 of the history has tool_call_id, as chat interfaces write it; add fromChatMessage(message).",
  ],
])("a history takes no %j, whose calls it could not count", (message, sentence) => {
  const history = wordHistory(KEEP_ALL);
  expect(() => history.add(message as never)).toThrow(sentence);
  expect(history.messages).toEqual([]);
});

test.each([
  [undefined, /needs a tokenizer with count\(text\); give await openTokenizer\(\)\./],
  [{ policy: KEEP_ALL, tokenizer: Promise.resolve(WORDS) }, /await openTokenizer\(\) before\./],
  [{ tokenizer: WORDS }, /needs a policy; give one of budgetPolicy/],
])("a history cannot be made of %j", async (options, sentence) => {
  const { History } = await import("../../../src/context/history.js");
  const make = (): unknown => new History(options as never);
  expect(make).toThrow(BytesperError);
  expect(make).toThrow(sentence);
});
