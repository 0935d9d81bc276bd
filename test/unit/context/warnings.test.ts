import { describe, expect, test } from "vitest";
import { composePolicy, fixedPolicy } from "../../../src/context/policy.js";
import { capTurns, keepWhole, replaceOldResults } from "../../../src/context/rules.js";
import { answer, call, play, user, wordHistory } from "./support/words.js";

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
