import { describe, expect, test } from "vitest";
import { budgetPolicy, composePolicy, fixedPolicy } from "../../../src/context/policy.js";
import { capTurns, keepWhole, replaceOldResults } from "../../../src/context/rules.js";
import { answer, call, play, user, wordHistory, words } from "./support/words.js";

const KEEP_ONE = composePolicy("one", keepWhole(1), replaceOldResults());

test("a warning names what goes next, in the newest message and before it is gone", async () => {
  const turns = await play(wordHistory(KEEP_ONE), [user(3), ...call("a", 30), ...call("b", 40)]);
  const [, second, third] = turns;
  expect(second?.pruned).toEqual([]);
  expect(second?.messages.at(-1)?.content).toMatch(
    /\n\n\[Context warning: will be removed next: the result of search in turn 1 \(30 tokens\)\. Save what you still need as an observation\.\]$/,
  );
  expect(third?.pruned).toEqual([
    { kind: "result", how: "notice", turn: 1, index: 2, tool: "search", tokens: 30, announced: true },
  ]);
});

test("what went is said in the next message too, and only there", async () => {
  const turns = await play(wordHistory(KEEP_ONE), [
    user(3),
    ...call("a", 30),
    ...call("b", 40),
    ...call("c", 50),
  ]);
  const notices = turns.map(({ messages }) =>
    messages.map(({ content }) => /\[Context: removed to save memory: (.*?)\.\]/.exec(content)?.[1]),
  );
  expect(notices[2]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    "the result of search in turn 1 (30 tokens)",
  ]);
  expect(notices[3]?.slice(0, -1).every((notice) => notice === undefined)).toBe(true);
  expect(notices[3]?.at(-1)).toBe("the result of search in turn 2 (40 tokens)");
});

test("after an answer, what is to say stands in a message of the system's", async () => {
  const history = wordHistory(KEEP_ONE);
  for (const message of [user(3), ...call("a", 30), answer(1)]) history.add(message);
  const turn = await history.next();
  expect(turn.messages.at(-1)).toMatchObject({ role: "system", content: turn.announcements.warning });
  expect(turn.messages.at(-2)).toEqual(answer(1));
});

describe("a warning is repeated until something was saved", () => {
  // The last four turns are kept, so that a warned-of turn stays for a while before the rule takes it.
  const slow = composePolicy("slow", {
    name: "turn 1 when turn 6 comes",
    letGo: ({ turns, ageOf }) =>
      turns.filter((turn) => turn.turn === 1 && ageOf(turn) > 1).map(({ turn }) => ({ kind: "turn", turn })),
  });

  test("in every prompt while the parts are still to go", async () => {
    let saved = 0;
    const policy = fixedPolicy({ keep: 2, turns: 4, newTokens: 10 });
    const history = wordHistory(policy, {
      observations: {
        get saved() {
          return saved;
        },
      },
    });
    const warned: (string | undefined)[] = [];
    history.add(user(3));
    for (let turn = 1; turn <= 8; turn++) {
      warned.push((await history.next()).announcements.warning);
      if (turn === 5) saved++;
      for (const message of call(`c${turn}`, 30)) history.add(message);
    }
    // From the third on there is always a result to go; what turn 5 warned of is not repeated, what is new is.
    expect(warned.map((warning) => warning !== undefined)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
  });

  test("and not after, but for what is new", async () => {
    const history = wordHistory(composePolicy("hold", capTurns(2)));
    history.add(user(3));
    const names = async (): Promise<string[]> => {
      const { warning = "" } = (await history.next()).announcements;
      return warning.match(/turn \d+/g) ?? [];
    };
    for (const message of [...call("a", 30), ...call("b", 30)]) history.add(message);
    expect(await names()).toEqual(["turn 1"]);
    expect(await names()).toEqual(["turn 1"]);
    history.saved();
    expect(await names()).toEqual([]);
    for (const message of call("c", 30)) history.add(message);
    expect(await names()).toEqual(["turn 2"]);
  });

  test("a part that a rule wants at once waits for the turn after its warning", async () => {
    const history = wordHistory(slow);
    for (const message of [user(3), ...call("a", 30), ...call("b", 30)]) history.add(message);
    expect((await history.next()).pruned).toEqual([]);
    expect((await history.next()).pruned).toEqual([
      { kind: "turn", how: "dropped", turn: 1, tokens: 35, announced: true },
    ]);
  });
});

describe("a result that needs the place of what no warning has named", () => {
  // 1,100 tokens of a prompt, of which 137 are kept for what is said. 10 + 305 + 10 are there before.
  const POLICY = { capacityTokens: 1200, newTokens: 100 };
  const BEFORE = [user(10), ...call("a", 300), ...call("b", 5)];

  test("waits a turn: its first page now, with the warning, and then all of it", async () => {
    const history = wordHistory(budgetPolicy(POLICY));
    // 1,130 tokens, and no turn before was longer than 305.
    const turns = await play(history, [...BEFORE, ...call("c", 800)]);
    expect(turns.slice(0, 3).flatMap(({ willPrune }) => willPrune)).toEqual([]);
    const turn = turns.at(-1);
    expect(turn?.pruned).toEqual([]);
    expect(turn?.postponed).toEqual([
      { index: 6, tool: "search", tokens: 800, shownTokens: history.keptTokens(6) },
    ]);
    expect(turn?.inputTokens).toBeLessThanOrEqual(1100);
    expect(turn?.messages.at(-1)?.content).toMatch(
      /\n\[First page of 2 or so: 800 tokens in all; the whole comes in the next turn, when room has been made\.\]\n\n\[Context warning: will be removed next: the result of search in turn 1 \(300 tokens\), /,
    );
    expect(turn?.messages[2]?.content).toBe(BEFORE[2]?.content);
    // Whoever reads on in the meantime goes on where that page ends.
    const pages = [1, 2].map((page) => history.page(6, page).split("\n").slice(1).join("\n"));
    expect(turn?.messages.at(-1)?.content.startsWith(pages[0] ?? "?")).toBe(true);
    expect(pages.join("")).toBe(words(800, "result"));
    history.add(answer(5));
    const next = await history.next();
    expect(next.postponed).toEqual([]);
    expect(next.pruned).toEqual([expect.objectContaining({ kind: "result", turn: 1, announced: true })]);
    expect(history.stateOf(6)).toBe("whole");
    expect(next.inputTokens).toBeLessThanOrEqual(1100);
  });

  test("does not wait where the policy says so, and the notice comes without a warning", async () => {
    const history = wordHistory(budgetPolicy({ ...POLICY, warnFirst: false }));
    const turn = (await play(history, [...BEFORE, ...call("c", 800)])).at(-1);
    expect(turn?.postponed).toEqual([]);
    expect(turn?.pruned).toEqual([expect.objectContaining({ kind: "result", turn: 1, announced: false })]);
    expect(turn?.announcements.notice).toContain("the result of search in turn 1 (300 tokens)");
    expect(history.stateOf(6)).toBe("whole");
  });

  test("does not wait where it would have to go in the next turn itself", async () => {
    // Without the older result 891 tokens are left, and the next turn has 863.
    const history = wordHistory(budgetPolicy(POLICY));
    const turn = (await play(history, [...BEFORE, ...call("c", 850)])).at(-1);
    expect(turn?.postponed).toEqual([]);
    expect(turn?.pruned[0]).toMatchObject({ kind: "result", turn: 1, announced: false });
  });

  test("a request has no such page: what must go goes at once", async () => {
    const history = wordHistory(budgetPolicy(POLICY));
    const turn = (await play(history, [...BEFORE, answer(5), user(800)])).at(-1);
    expect(turn?.pruned[0]).toMatchObject({ kind: "result", turn: 1, announced: false });
    expect(history.stateOf(6)).toBe("whole");
  });
});

test("many parts are told in few words: the first by name, the others by number", async () => {
  const history = wordHistory(composePolicy("two", capTurns(1)), { saveHint: "Save." });
  history.add(user(3));
  for (let turn = 1; turn <= 40; turn++) for (const message of call(`c${turn}`, 30)) history.add(message);
  const { announcements, willPrune } = await history.next();
  expect(willPrune).toHaveLength(40);
  expect(announcements.warning).toMatch(
    /^\[Context warning: will be removed next: turn 1 \(35 tokens\), .*, 32 other parts \(1120 tokens\)\. Save\.\]$/,
  );
});

test("the log has the tokens of each generation", async () => {
  const lines: string[] = [];
  const history = wordHistory(fixedPolicy({ keep: 1, turns: 2, newTokens: 9 }), {
    log: (line) => lines.push(line),
  });
  const turns = await play(history, [user(3), ...call("a", 30), ...call("b", 40)]);
  expect(lines).toEqual(turns.map(({ inputTokens }) => `Input tokens: ${inputTokens}`));
  expect(history.generations).toEqual(
    turns.map(({ turn, inputTokens, messages, pruned }) => ({
      turn,
      inputTokens,
      maxNewTokens: 9,
      shownMessages: messages.length,
      pruned: pruned.length,
    })),
  );
});
