import { expect, test } from "vitest";
import type { History } from "../../../src/context/history.js";
import type { Message } from "../../../src/context/message.js";
import type { Policy } from "../../../src/context/policy.js";
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
import type { Turn } from "../../../src/context/turn.js";
import type { RandomHistory } from "./support/random-history.js";
import { randomHistory } from "./support/random-history.js";
import { last, WORDS, wordHistory } from "./support/words.js";

const FIXED = [
  fixedPolicy({ keep: 3, turns: 8, newTokens: 700 }),
  fixedPolicy({ keep: 2, turns: 6, newTokens: 500 }),
  fixedPolicy({ keep: 1, turns: 4, newTokens: 300 }),
];
const extract = summarise(({ messages }) => `summary of ${messages.length}`, { every: 2 });
const POLICIES: Policy[] = [
  KEEP_ALL,
  ...FIXED,
  composePolicy("summaries", keepWhole(3), extract),
  composePolicy(
    "everything",
    keepWhole(2),
    replaceOldResults(),
    capTurns(9),
    capToolResults(80),
    capNewTokens(90),
  ),
  composePolicy("both", keepWhole(4), extract, fitCapacity(2500, { leastNewTokens: 100 })),
  budgetPolicy({ capacityTokens: 1000, newTokens: 100 }),
  budgetPolicy({ capacityTokens: 2200, newTokens: 700, leastNewTokens: 300 }),
  budgetPolicy({ capacityTokens: 5000, promptTokens: 3000, newTokens: 700 }),
];
const SEEDS = Array.from({ length: 20 }, (_, place) => place + 1);

/** Plays a history and hands each prompt to `check`. */
async function playing(
  { messages }: RandomHistory,
  policy: Policy,
  check: (turn: Turn, history: History, before: Turn | undefined) => void,
): Promise<void> {
  const history = wordHistory(policy);
  let before: Turn | undefined;
  for (const message of [...messages, { role: "assistant", content: "" } as Message]) {
    if (message.role === "assistant") {
      const turn = await history.next();
      check(turn, history, before);
      before = turn;
    }
    history.add(message);
  }
}

/** Tokens that the newest message of a prompt has for what is said about the context. */
function wordsSaid({ announcements: { notice = "", warning = "" } }: Turn): number {
  return WORDS.count(notice) + WORDS.count(warning);
}

const CASES = POLICIES.map((policy) => [policy.name, policy] as const);

test.each(CASES)("%s: a call and its result are shown together or not at all", async (_name, policy) => {
  for (const seed of SEEDS) {
    const random = randomHistory(seed);
    await playing(random, policy, (_turn, history) => {
      const shown = (index: number): boolean => history.stateOf(index) !== "gone";
      const split = random.pairs.filter(
        ([call, result]) => result < history.messages.length && shown(call) !== shown(result),
      );
      expect(split, `seed ${seed}`).toEqual([]);
    });
  }
});

test.each(CASES)("%s: the tokens of a prompt are those of its messages", async (_name, policy) => {
  for (const seed of SEEDS) {
    await playing(randomHistory(seed), policy, ({ messages, inputTokens }) => {
      expect(messages.reduce((sum, { content }) => sum + WORDS.count(content), 0)).toBe(inputTokens);
    });
  }
});

test.each(CASES)("%s: what was let go once does not come back", async (_name, policy) => {
  const ranks = { whole: 0, "first page": 1, notice: 2, gone: 3 };
  for (const seed of SEEDS) {
    const states: number[] = [];
    await playing(randomHistory(seed), policy, ({ postponed }, history) => {
      // What waits a turn for its place was not let go.
      const waits = new Set(postponed.map(({ index }) => index));
      const now = [...history.messages.keys()].map((index) =>
        waits.has(index) ? ranks.whole : ranks[history.stateOf(index)],
      );
      const back = states.flatMap((before, index) => ((now[index] ?? 0) < before ? index : []));
      expect(back, `seed ${seed}`).toEqual([]);
      states.splice(0, states.length, ...now);
    });
  }
});

test.each(CASES)("%s: the latest request is shown, and messages keep their order", async (_name, policy) => {
  for (const seed of SEEDS) {
    await playing(randomHistory(seed), policy, ({ messages }, history) => {
      const request = history.messages.findLast(({ role }) => role === "user")?.content.split(" ")[0] ?? "";
      expect(messages.some(({ role, content }) => role === "user" && content.startsWith(request))).toBe(true);
      const order = messages.flatMap(({ content }) => /^(?:think|answer|ask)(\d+)/.exec(content)?.[1] ?? []);
      expect(order.map(Number)).toEqual(order.map(Number).sort((a, b) => a - b));
    });
  }
});

test.each(CASES)("%s: what goes is said in the next message, once", async (_name, policy) => {
  for (const seed of SEEDS) {
    await playing(randomHistory(seed), policy, ({ messages, pruned }) => {
      const telling = messages.map(({ content }) => content.includes("[Context: removed to save memory: "));
      expect(telling.slice(0, -1), `seed ${seed}`).not.toContain(true);
      expect(last(telling), `seed ${seed}`).toBe(pruned.length > 0);
    });
  }
});

test.each(CASES.filter(([, { capacity }]) => capacity === undefined))(
  "%s: nothing goes that an earlier prompt did not warn of",
  async (_name, policy) => {
    for (const seed of SEEDS) {
      const warned = new Set<string>();
      await playing(randomHistory(seed), policy, ({ pruned, willPrune, messages }) => {
        for (const { kind, turn, index, announced } of pruned) {
          expect(warned, `seed ${seed}`).toContain(`${kind} ${index ?? turn}`);
          expect(announced).toBe(true);
        }
        for (const { kind, turn, index } of willPrune) warned.add(`${kind} ${index ?? turn}`);
        expect(last(messages).content.includes("[Context warning: ")).toBe(willPrune.length > 0);
      });
    }
  },
);

test.each(CASES.filter(([, { capacity }]) => capacity !== undefined))(
  "%s: a prompt with its answer never exceeds the capacity",
  async (_name, policy) => {
    const { tokens = 0, promptTokens = 0, leastNewTokens = 0 } = policy.capacity ?? {};
    for (const seed of SEEDS) {
      await playing(randomHistory(seed), policy, ({ inputTokens, maxNewTokens = 0 }) => {
        expect(inputTokens).toBeLessThanOrEqual(promptTokens);
        expect(inputTokens + maxNewTokens).toBeLessThanOrEqual(tokens);
        expect(maxNewTokens).toBeGreaterThanOrEqual(Math.min(leastNewTokens, policy.newTokens ?? Infinity));
      });
    }
  },
);

test.each(CASES.filter(([, { capacity }]) => capacity !== undefined))(
  "%s: while new results wait, nothing goes that an earlier prompt did not warn of",
  async (_name, policy) => {
    let waited = 0;
    for (const seed of SEEDS) {
      const warned = new Set<string>();
      await playing(randomHistory(seed), policy, (turn, history, before) => {
        const { pruned, postponed, willPrune } = turn;
        for (const { kind, turn: number, index, announced } of pruned)
          expect(announced, `seed ${seed}`).toBe(warned.has(`${kind} ${index ?? number}`));
        if (postponed.length > 0) expect(pruned.filter(({ announced }) => !announced)).toEqual([]);
        for (const { index, shownTokens, tokens } of postponed) {
          waited++;
          expect(shownTokens).toBeLessThan(tokens);
          expect(history.stateOf(index)).toBe("first page");
        }
        // Once is enough: each is whole in the next turn, or it is said what has become of it.
        for (const { index } of before?.postponed ?? []) {
          const told = pruned.some((part) => part.index === index || part.turn === before?.turn);
          expect(told || history.stateOf(index) === "whole", `seed ${seed}`).toBe(true);
          expect(postponed.map((each) => each.index)).not.toContain(index);
        }
        if (turn.announcements.warning !== undefined || willPrune.length === 0)
          for (const { kind, turn: number, index } of willPrune) warned.add(`${kind} ${index ?? number}`);
      });
    }
    expect(waited).toBeGreaterThan(0);
  },
);

test("a capacity lets nothing go that could have stayed: putting the last part back exceeds it", async () => {
  const policy = budgetPolicy({ capacityTokens: 2200, newTokens: 300, leastNewTokens: 300 });
  let pruned = 0;
  for (const seed of SEEDS) {
    const dropped = new Set<number>();
    await playing(randomHistory(seed, { late: false }), policy, (turn) => {
      const part = turn.pruned.at(-1);
      // An earlier request of a turn that is gone goes because there is a later one.
      const leftOver = part?.kind === "turn" && dropped.has(part.turn);
      for (const { kind, turn: number } of turn.pruned) if (kind === "turn") dropped.add(number);
      if (part === undefined || part.kind === "page" || leftOver) return;
      pruned++;
      const said = wordsSaid(turn);
      // 160 tokens are kept for what is said, and a notice of 11 or a line of 7 stands in its place.
      expect(turn.inputTokens - said + part.tokens + 160 + 11).toBeGreaterThan(2200 - 300);
    });
  }
  expect(pruned).toBeGreaterThan(100);
});

test("the budget shows all that any fixed policy shows that has fit so far", async () => {
  let compared = 0;
  let more = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const random = randomHistory(seed, { turns: 40, late: false });
    for (const capacityTokens of [1800, 3000]) {
      const budget = budgetPolicy({ capacityTokens, newTokens: 700, leastNewTokens: 300 });
      const keptByBudget: number[][] = [];
      await playing(random, budget, ({ postponed }, history) => {
        const waits = new Set(postponed.map(({ index }) => index));
        keptByBudget.push(
          history.messages.map((_, index) =>
            waits.has(index) ? history.tokensOf(index) : history.keptTokens(index),
          ),
        );
      });
      for (const fixed of FIXED) {
        let fits = true;
        let place = 0;
        await playing(random, fixed, (turn, history) => {
          const said = wordsSaid(turn);
          // Each policy needs the same room for what is said and for the shortest answer.
          fits &&= turn.inputTokens - said + 160 + 300 <= capacityTokens;
          const budgeted = keptByBudget[place++] ?? [];
          if (!fits) return;
          compared++;
          const kept = history.messages.map((_, index) => history.keptTokens(index));
          const lost = [...kept.keys()].filter((index) => (budgeted[index] ?? 0) < (kept[index] ?? 0));
          expect(lost, `seed ${seed}, capacity ${capacityTokens}, ${fixed.name}, prompt ${place}`).toEqual(
            [],
          );
          if (budgeted.some((tokens, index) => tokens > (kept[index] ?? 0))) more++;
        });
      }
    }
  }
  // The comparison must not be one of equals.
  expect(compared).toBeGreaterThan(1000);
  expect(more).toBeGreaterThan(compared / 2);
});
