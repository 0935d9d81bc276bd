import { describe, expect, test } from "vitest";
import { budgetPolicy, composePolicy, fixedPolicy, KEEP_ALL } from "../../../src/context/policy.js";
import {
  capNewTokens,
  capToolResults,
  capTurns,
  fitCapacity,
  keepWhole,
  replaceOldResults,
  summarise,
} from "../../../src/context/rules.js";
import { CapacityTooSmall } from "../../../src/context/turn.js";
import { answer, call, last, play, user, words, wordHistory, WORDS } from "./support/words.js";

/** Calls "a", "b", ... with results of 30 words. */
function calls(count: number): ReturnType<typeof call> {
  return Array.from({ length: count }, (_, place) => call(String.fromCharCode(97 + place), 30)).flat();
}

test("without rules everything is shown and nothing limits the answer", async () => {
  const turns = await play(wordHistory(KEEP_ALL), [user(3), ...calls(5)]);
  expect(turns.map(({ inputTokens }) => inputTokens)).toEqual([3, 38, 73, 108, 143, 178]);
  expect(turns.every(({ pruned, maxNewTokens }) => pruned.length === 0 && maxNewTokens === undefined)).toBe(
    true,
  );
});

describe("keep 2, results of older turns as notices", () => {
  const policy = composePolicy("two", keepWhole(2), replaceOldResults());

  test("shows the last two results and notices for the others", async () => {
    const turns = await play(wordHistory(policy), [user(3), ...calls(4)]);
    const shown = last(turns).messages.map(({ content }) => content.split(/[ \n]/)[0]);
    expect(shown).toEqual([
      "request",
      "calling",
      "[The",
      "calling",
      "[The",
      "calling",
      "result",
      "calling",
      "result",
    ]);
  });

  test("a notice says which tool's result it was, and how large", async () => {
    const turns = await play(wordHistory(policy), [user(3), ...calls(3)]);
    expect(last(turns).messages[2]).toEqual({
      role: "tool",
      toolCallId: "a",
      content: "[The result of search (30 tokens) was removed to save memory.]",
    });
  });

  test("a result that is shorter than its notice stays", async () => {
    const turns = await play(wordHistory(policy), [
      user(3),
      ...call("a", 11),
      ...call("b", 12),
      ...calls(0),
      ...call("c", 1),
      ...call("d", 1),
    ]);
    // The notice has 11 words.
    expect(last(turns).messages[2]?.content).toMatch(/^result/);
    expect(last(turns).messages[4]?.content).toMatch(/^\[The result/);
  });

  test("a pinned result stays", async () => {
    const history = wordHistory(policy);
    const [request, ask, result, ...others] = [user(3), ...calls(5)];
    for (const message of [request, ask]) history.add(message as ReturnType<typeof user>);
    history.add(result as ReturnType<typeof user>, { pinned: true });
    const turns = await play(history, others);
    expect(last(turns).messages[2]?.content).toBe(words(30, "result"));
  });
});

describe("at most three turns", () => {
  const policy = composePolicy("three", capTurns(3));

  test("older ones leave one line, and the request that is being worked on stays", async () => {
    const turns = await play(wordHistory(policy), [user(3), ...calls(5)]);
    expect(last(turns).messages.map(({ role, content }) => [role, content.slice(0, 7)])).toEqual([
      ["user", "[Earlie"],
      ["user", "request"],
      ...Array.from({ length: 3 }, () => [
        ["assistant", "calling"],
        ["tool", "result "],
      ]).flat(),
    ]);
  });

  test("an earlier request goes with its turn once there is a later one", async () => {
    const messages = [user(3), answer(1), user(4), ...calls(5)];
    const requests = (await play(wordHistory(policy), messages)).map(
      (turn) => turn.messages.filter(({ content }) => content.startsWith("request")).length,
    );
    expect(requests).toEqual([1, 2, 2, 2, 1, 1, 1]);
  });

  test("a result that comes after its turn was dropped is not shown without its call", async () => {
    const [ask, result] = call("late", 30) as [ReturnType<typeof user>, ReturnType<typeof user>];
    const turns = await play(wordHistory(policy), [user(3), ask, ...calls(5), result]);
    expect(last(turns).messages.some(({ toolCallId }) => toolCallId === "late")).toBe(false);
    expect(last(turns).pruned).toContainEqual(
      expect.objectContaining({ kind: "turn", turn: 1, how: "dropped", tokens: 30 }),
    );
  });
});

test("fixed limits: keep 1 / 3 turns / 50 new tokens, number by number", async () => {
  const history = wordHistory(fixedPolicy({ keep: 1, turns: 3, newTokens: 50 }), { saveHint: "Save." });
  const turns = await play(history, [user(3), ...calls(5)]);
  // Whole turn 35, with a notice 16, the line for dropped turns 7, what is said about them on top.
  const said = turns.map(({ announcements: { notice = "", warning = "" } }) => `${notice} ${warning}`.trim());
  const own = turns.map(({ inputTokens }, turn) => inputTokens - WORDS.count(said[turn] ?? ""));
  expect(own).toEqual([3, 38, 3 + 16 + 35, 3 + 32 + 35, 3 + 7 + 32 + 35, 3 + 7 + 32 + 35]);
  expect(turns.every(({ maxNewTokens }) => maxNewTokens === 50)).toBe(true);
});

test("of several limits of one kind the strictest counts, and of turns kept whole the most", () => {
  const policy = composePolicy(
    "all",
    capNewTokens(300),
    capNewTokens(200),
    capToolResults(90),
    capToolResults(80),
    keepWhole(2),
    keepWhole(3),
    fitCapacity(5000),
    fitCapacity(4000),
  );
  expect(policy).toMatchObject({
    newTokens: 200,
    toolResultTokens: 80,
    keptWhole: 3,
    capacity: { tokens: 4000 },
  });
});

test.each([
  [() => fixedPolicy({ keep: 9, turns: 8, newTokens: 1 }), /keep 9 turns whole and show at most 8/],
  [() => keepWhole(0), /turns that are kept whole must be a whole number from 1, not 0/],
  [() => capNewTokens(Number.NaN), /not NaN; change the policy/],
  [() => capToolResults(10), /from 64, not 10/],
  [() => fitCapacity(100, { leastNewTokens: 100 }), /cannot keep 100 free for the answer/],
  [
    () =>
      composePolicy(
        "two",
        summarise(() => ""),
        summarise(() => ""),
      ),
    /summarises twice/,
  ],
])("limits that make no sense are one sentence: %#", (make, sentence) => {
  expect(make).toThrow(sentence);
});

describe("pages of long tool results", () => {
  const policy = composePolicy("pages", capToolResults(64));

  test("a long result is shown by its first page, which says so; the others can be read", async () => {
    const history = wordHistory(policy);
    const text = Array.from({ length: 200 }, (_, place) => `w${place}`).join(" ");
    const turns = await play(history, [
      user(1),
      ...call("a", 64),
      { role: "assistant", content: "", toolCalls: [{ id: "b", name: "search", arguments: "" }] },
      { role: "tool", toolCallId: "b", content: text },
    ]);
    const shown = last(turns).messages.at(-1)?.content ?? "";
    expect(shown).toMatch(/^w0 w1 .*\n\[First page of 4 or so: 200 tokens in all\.\]$/s);
    expect(shown.split(/\s+/).length).toBeLessThanOrEqual(64);
    // 64 tokens less the line of 10.
    expect(history.page(4, 2)).toMatch(/^\[Page 2 of 4\]\nw54 /);
    const whole = [1, 2, 3, 4].map((page) => history.page(4, page).split("\n")[1]).join("");
    expect(whole).toBe(text);
    // The other one has as many tokens as a page may have.
    expect(last(turns).messages[2]?.content).toBe(words(64, "result"));
  });

  test("a page that is not there is one sentence", () => {
    const history = wordHistory(policy);
    history.add(user(3));
    expect(() => history.page(0, 2)).toThrow("Message 1 has 1 pages and no page 2; ask for one from 1 to 1.");
    expect(() => history.page(1, 1)).toThrow("There is no message 1; the history has 1.");
  });
});

describe("a capacity", () => {
  test("prunes nothing as long as everything fits, to the token", async () => {
    // 3 + 5 x 35 tokens and 50 for the answer.
    const fits = await play(wordHistory(budgetPolicy({ capacityTokens: 228, newTokens: 50 })), [
      user(3),
      ...calls(5),
    ]);
    expect(fits.flatMap(({ pruned }) => pruned)).toEqual([]);
    const less = await play(wordHistory(budgetPolicy({ capacityTokens: 227, newTokens: 50 })), [
      user(3),
      ...calls(5),
    ]);
    expect(less.slice(0, -1).flatMap(({ pruned }) => pruned)).toEqual([]);
    expect(less.at(-1)?.pruned.length).toBeGreaterThan(0);
  });

  test("lets go the oldest results first, and no more than must go", async () => {
    const history = wordHistory(budgetPolicy({ capacityTokens: 1200, newTokens: 100 }));
    const turns = await play(history, [
      user(10),
      ...[1, 2, 3, 4, 5, 6].flatMap((id) => call(String(id), 200)),
    ]);
    // 10 + 6 x 205 = 1240 of 1100; an eighth is kept for what is said, 963 stay: two results leave notices of 11.
    expect(last(turns).pruned.map(({ kind, turn }) => [kind, turn])).toEqual([
      ["result", 1],
      ["result", 2],
    ]);
  });

  test("counts a result as old as a turn of twice its age and two more", async () => {
    const history = wordHistory(budgetPolicy({ capacityTokens: 300, newTokens: 50 }));
    history.add(user(10));
    for (let turn = 1; turn <= 12; turn++)
      for (const message of turn === 10 ? call("r", 100, 40) : [answer(40)]) history.add(message);
    const { pruned } = await history.next();
    // Turn 10 has the age 3, so that its result counts as a turn of age 8, which is turn 5.
    expect(pruned.slice(0, 6).map(({ kind, turn }) => `${kind} ${turn}`)).toEqual([
      "turn 1",
      "turn 2",
      "turn 3",
      "turn 4",
      "result 10",
      "turn 5",
    ]);
  });

  test("an answer may have what is left, at least what is kept free for it", async () => {
    const policy = budgetPolicy({ capacityTokens: 300, newTokens: 200, leastNewTokens: 50 });
    const turns = await play(wordHistory(policy), [user(20), answer(150), user(20)]);
    expect(turns.map(({ maxNewTokens }) => maxNewTokens)).toEqual([200, 300 - last(turns).inputTokens]);
    expect(last(turns).maxNewTokens).toBeGreaterThanOrEqual(50);
  });

  test("of a prompt alone is kept as well", async () => {
    const policy = composePolicy("both", fitCapacity(10_000, { promptTokens: 400, leastNewTokens: 10 }));
    for (const { inputTokens } of await play(wordHistory(policy), [user(20), ...calls(20)]))
      expect(inputTokens).toBeLessThanOrEqual(400);
  });

  test("shows the newest result by a first page when it alone is too long", async () => {
    const policy = budgetPolicy({ capacityTokens: 600, newTokens: 100 });
    const turns = await play(wordHistory(policy), [user(20), ...call("huge", 5000)]);
    const turn = last(turns);
    expect(turn.inputTokens).toBeLessThanOrEqual(500);
    expect(turn.messages.at(-1)?.content).toMatch(
      /^result .*\[First page of \d+ or so: 5000 tokens in all\.\]/s,
    );
    expect(turn.pruned).toEqual([
      expect.objectContaining({ kind: "page", how: "first page", tool: "search", announced: false }),
    ]);
  });

  test("shows a request by its first page when nothing else is left to shorten", async () => {
    const policy = budgetPolicy({ capacityTokens: 600, newTokens: 100 });
    const [turn] = await play(wordHistory(policy), [user(3000)]);
    expect(turn?.inputTokens).toBeLessThanOrEqual(500);
  });

  test("that what the system says does not leave is one sentence, and changes nothing", async () => {
    const history = wordHistory(budgetPolicy({ capacityTokens: 600, newTokens: 100 }));
    history.add({ role: "system", content: words(550) });
    history.add(user(10));
    const failure = await history.next().catch((error: unknown) => error as CapacityTooSmall);
    expect(failure).toBeInstanceOf(CapacityTooSmall);
    expect((failure as CapacityTooSmall).message).toBe(
      "The system's messages, the latest request and the newest turn take 560 tokens, and the capacity has room for 500 beside an answer of 100; give more capacity or shorter messages.",
    );
    expect(history.stateOf(1)).toBe("whole");
  });

  test("goes into turns that are kept whole when nothing else is left", async () => {
    const policy = composePolicy("kept", keepWhole(4), fitCapacity(600, { leastNewTokens: 100 }));
    const history = wordHistory(policy);
    const turns = await play(history, [user(10), ...["a", "b", "c", "d"].flatMap((id) => call(id, 120))]);
    expect(last(turns).inputTokens).toBeLessThanOrEqual(500);
    expect(last(turns).pruned.map(({ turn }) => turn)).toEqual([1]);
  });
});

test("a rule of one's own can let go anything but the newest turn", async () => {
  const policy = composePolicy("even", {
    name: "even turns",
    letGo: ({ turns }) =>
      turns.filter(({ turn }) => turn % 2 === 0).map(({ turn }) => ({ kind: "turn", turn })),
  });
  const turns = await play(wordHistory(policy), [user(3), ...calls(6)]);
  const shown = last(turns).messages.flatMap(({ toolCallId }) => toolCallId ?? []);
  expect(shown).toEqual(["a", "c", "e", "f"]);
});
