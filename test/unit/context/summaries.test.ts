import { expect, test } from "vitest";
import { composePolicy } from "../../../src/context/policy.js";
import type { SummaryRequest } from "../../../src/context/rules.js";
import { fitCapacity, keepWhole, summarise } from "../../../src/context/rules.js";
import { answer, call, last, play, user, words, wordHistory } from "./support/words.js";

const CALLS = ["a", "b", "c", "d", "e"].flatMap((id) => call(id, 50));

test("turns that are not kept whole go into one summary, which the next ones join", async () => {
  const requests: SummaryRequest[] = [];
  const policy = composePolicy(
    "sum",
    keepWhole(2),
    summarise(async (request) => {
      requests.push(request);
      return Promise.resolve(
        `${request.previous ?? "so far:"} ${request.messages[0]?.toolCalls?.[0]?.id ?? ""}`,
      );
    }),
  );
  const turns = await play(wordHistory(policy), [user(3), ...CALLS]);
  expect(last(turns).messages.slice(0, 2)).toEqual([
    { role: "user", content: "[Summary of what came before turn 4:]\nso far: a b c" },
    user(3),
  ]);
  expect(
    turns
      .at(-1)
      ?.messages.map(({ toolCallId }) => toolCallId)
      .filter(Boolean),
  ).toEqual(["d", "e"]);
  expect(requests.map(({ previous }) => previous)).toEqual([undefined, "so far: a", "so far: a b"]);
  expect(requests[0]?.messages).toEqual(CALLS.slice(0, 2));
  expect(last(turns).pruned).toEqual([
    expect.objectContaining({ kind: "turn", turn: 3, how: "summarised", announced: true }),
  ]);
});

test("`every` turns are summarised together", async () => {
  const lengths: number[] = [];
  const policy = composePolicy(
    "sum",
    keepWhole(1),
    summarise(
      ({ messages }) => {
        lengths.push(messages.length);
        return "short";
      },
      { every: 2 },
    ),
  );
  await play(wordHistory(policy), [user(3), ...CALLS]);
  expect(lengths).toEqual([4, 4]);
});

const FAILURES: [what: string, callback: () => Promise<string> | string, sentence: RegExp][] = [
  [
    "rejects",
    () => Promise.reject(new Error("model is busy.")),
    /^The summary of 2 messages failed \(model is busy\); nothing was dropped/,
  ],
  [
    "throws",
    () => {
      throw new Error("bad prompt");
    },
    /failed \(bad prompt\); nothing/,
  ],
  ["is empty", () => "", /is empty; nothing was dropped/],
  ["is no text", () => 5 as unknown as string, /is no text; nothing was dropped/],
  [
    "is longer than what it stands for",
    () => words(500),
    /^The summary takes 507 tokens and what it stands for 55; nothing/,
  ],
];

test.each(FAILURES)(
  "when a summary %s nothing is dropped, and it is said",
  async (_what, callback, sentence) => {
    let works = false;
    const policy = composePolicy(
      "sum",
      keepWhole(2),
      summarise(() => (works ? "all of it" : callback())),
    );
    const history = wordHistory(policy);
    const turns = await play(history, [user(3), ...call("a", 50), ...call("b", 50), ...call("c", 50)]);
    const turn = last(turns);
    expect(turn.pruned).toEqual([]);
    expect(turn.messages.filter(({ toolCallId }) => toolCallId !== undefined)).toHaveLength(3);
    expect(turn.problems.map(({ message }) => message)).toEqual([expect.stringMatching(sentence)]);
    works = true;
    history.add(answer(1));
    history.add(user(1));
    expect((await history.next()).pruned).toContainEqual(
      expect.objectContaining({ turn: 1, how: "summarised" }),
    );
  },
);

test("a capacity is kept also while summaries fail", async () => {
  const failing = summarise(() => Promise.reject(new Error("no model")));
  const policy = composePolicy("both", keepWhole(1), failing, fitCapacity(500, { leastNewTokens: 50 }));
  for (const { inputTokens } of await play(wordHistory(policy), [
    user(3),
    ...CALLS,
    ...call("x", 90),
    ...call("y", 90),
    ...call("z", 90),
  ]))
    expect(inputTokens).toBeLessThanOrEqual(450);
});

test("messages that come while a summary is being made are in the turn after it", async () => {
  let finish: ((text: string) => void) | undefined;
  const policy = composePolicy(
    "sum",
    keepWhole(1),
    summarise(
      () =>
        new Promise<string>((resolve) => {
          finish = resolve;
        }),
    ),
  );
  const history = wordHistory(policy);
  for (const message of [user(3), ...call("a", 50)]) history.add(message);
  await history.next();
  for (const message of call("b", 50)) history.add(message);
  const making = history.next();
  await expect(history.next()).rejects.toThrow("A turn is being made already; await it before the next one.");
  expect(history.add(user(7))).toBe(5);
  // The callback is called in a later microtask.
  while (finish === undefined) await Promise.resolve();
  finish("short");
  expect((await making).messages.at(-1)).toMatchObject({ role: "tool" });
  expect((await history.next()).messages.at(-1)).toEqual(expect.objectContaining({ role: "user" }));
  expect(history.messages).toHaveLength(6);
});
