import { expect, test } from "vitest";
import { Exchanges } from "../../../src/context/exchanges.js";
import type { Message } from "../../../src/context/message.js";
import { KEEP_ALL } from "../../../src/context/policy.js";
import { answer, call, user, wordHistory } from "./support/words.js";

function exchangesOf(messages: readonly Message[]): Exchanges {
  const exchanges = new Exchanges();
  for (const [index, message] of messages.entries()) exchanges.add(message, index);
  return exchanges;
}

const SYSTEM: Message = { role: "system", content: "rules" };

test("a turn is a request, its answer and the results of its calls", () => {
  const { list, preamble } = exchangesOf([
    SYSTEM,
    user(1),
    ...call("a", 1),
    ...call("b", 1),
    answer(1),
    user(1),
  ]);
  expect(preamble).toEqual([0]);
  expect(list.map(({ turn, members }) => [turn, members])).toEqual([
    [1, [1, 2, 3]],
    [2, [4, 5]],
    [3, [6]],
    [4, [7]],
  ]);
});

test("the next turn is the open one, or the one after the last answer", () => {
  expect(exchangesOf([]).nextTurn).toBe(1);
  expect(exchangesOf([user(1)]).nextTurn).toBe(1);
  expect(exchangesOf([user(1), answer(1)]).nextTurn).toBe(2);
  expect(exchangesOf([user(1), ...call("a", 1)]).nextTurn).toBe(2);
});

test("several messages of the user's in a row are one request", () => {
  expect(exchangesOf([user(1), user(1), answer(1), user(1)]).request).toEqual([3]);
  expect(exchangesOf([user(1), user(1), answer(1)]).request).toEqual([0, 1]);
});

test("a result goes to the turn of the call that its id names, however late it comes", () => {
  const [ask, result] = call("slow", 1) as [Message, Message];
  const { list, problems } = exchangesOf([user(1), ask, user(1), ...call("b", 1), result]);
  expect(list[0]?.members).toEqual([0, 1, 5]);
  expect(list[0]?.results).toEqual([5]);
  expect(problems).toEqual([]);
});

test("a result without an id goes to the answer before it, other results between or not", () => {
  const result: Message = { role: "tool", content: "found" };
  const { list, problems } = exchangesOf([user(1), answer(1), result, result]);
  expect(list[0]?.results).toEqual([2, 3]);
  expect(problems).toEqual([]);
});

test("results in another order than their calls find them", () => {
  const calls = ["a", "b"].map((id) => ({ id, name: `tool_${id}`, arguments: "{}" }));
  const exchanges = exchangesOf([
    user(1),
    { role: "assistant", content: "", toolCalls: calls },
    { role: "tool", content: "", toolCallId: "b" },
    { role: "tool", content: "", toolCallId: "a" },
  ]);
  expect(exchanges.toolName(2)).toBe("tool_b");
  expect(exchanges.toolName(3)).toBe("tool_a");
  expect(exchanges.problems).toEqual([]);
});

const ORPHANS: [what: string, messages: Message[], sentence: RegExp][] = [
  ["as the first message", [{ role: "tool", content: "x" }], /^Message 1 is .* no call stands before it; /],
  [
    "after a request",
    [user(1), { role: "tool", content: "x" }],
    /^Message 2 is .* no call stands before it; /,
  ],
  [
    "with an id that no call has",
    [user(1), ...call("a", 1), { role: "tool", content: "x", toolCallId: "z" }],
    /^Message 4 is a tool's result, and no call has the id z; it is kept where it stands\.$/,
  ],
  [
    "that answers a call for the second time",
    [user(1), ...call("a", 1), { role: "tool", content: "x", toolCallId: "a" }],
    /^Message 4 is a second result of the call a; both are kept\.$/,
  ],
];

test.each(ORPHANS)("a result %s is kept and named", (_what, messages, sentence) => {
  const { problems, list } = exchangesOf(messages);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toMatch(sentence);
  expect(list.flatMap(({ members }) => members)).toContain(messages.length - 1);
});

test.each(ORPHANS)("a result %s is refused where that is asked for, and not added", (_what, messages) => {
  const history = wordHistory(KEEP_ALL, { orphans: "refuse" });
  for (const message of messages.slice(0, -1)) history.add(message);
  expect(() => history.add(messages.at(-1) as Message)).toThrow(/ is a .*; it was not added\.$/);
  expect(history.messages).toHaveLength(messages.length - 1);
});

test("a call that nothing answers is named once the model has gone on, and told in one turn only", async () => {
  const [ask] = call("lost", 1) as [Message];
  const history = wordHistory(KEEP_ALL);
  for (const message of [user(1), ask]) history.add(message);
  expect((await history.next()).problems).toEqual([]);
  history.add(answer(1));
  const sentence = "Message 2 calls search (lost), and no result answers it.";
  expect((await history.next()).problems.map(({ message }) => message)).toEqual([sentence]);
  history.add(user(1));
  expect((await history.next()).problems).toEqual([]);
  expect(history.problems.map(({ message }) => message)).toEqual([sentence]);
});

test.each([
  [{ role: "wizard", content: "x" }, /Message 1 of the history has the role "wizard"/],
  [{ role: "user", content: null }, /has a content of type null; expected a string/],
  [{ role: "user", content: "x", toolCalls: [] }, /is of the role user and calls tools/],
  [{ role: "assistant", content: "x", toolCalls: [{ id: 1 }] }, /toolCalls that are not a list/],
])("what is no message is refused: %j", (message, sentence) => {
  const history = wordHistory(KEEP_ALL);
  expect(() => history.add(message as unknown as Message)).toThrow(sentence);
  expect(history.messages).toHaveLength(0);
});
