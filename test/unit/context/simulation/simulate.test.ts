import { expect, test } from "vitest";
import type { Message } from "../../../../src/context/message.js";
import { DEFAULT_MODEL } from "../../../../src/context/simulation/default-model.js";
import { generateTranscript, WORKLOADS } from "../../../../src/context/simulation/generate.js";
import { POLICY_NAMES } from "../../../../src/context/simulation/policies.js";
import type { Simulation } from "../../../../src/context/simulation/simulate.js";
import { simulateContext } from "../../../../src/context/simulation/simulate.js";
import type { Transcript } from "../../../../src/context/simulation/transcript.js";
import type { Tokenizer } from "../../../../src/context/tokenizer.js";
import { openTokenizer, ROUGH_TOKENIZER } from "../../../../src/context/tokenizer.js";
import { modelOf } from "../../../../src/model/index.js";
import { answer, call, user, WORDS, words } from "../support/words.js";

const CAPACITY_BYTES = Math.round(14.74 * 2 ** 30);
const MODEL = modelOf(DEFAULT_MODEL.config);

function simulated(
  transcripts: Transcript[],
  {
    policies = POLICY_NAMES,
    tokenizer = WORDS,
    capacityBytes = CAPACITY_BYTES,
  }: { policies?: readonly string[]; tokenizer?: Tokenizer; capacityBytes?: number } = {},
): Promise<Simulation> {
  return simulateContext({
    policies,
    transcripts,
    tokenizer,
    model: MODEL,
    modelName: "Qwen2.5-3B",
    capacityBytes,
    attention: "eager",
    logits: "last",
  });
}

function transcript(...messages: Message[]): Transcript {
  return { id: "t", messages: [{ role: "system", content: "rules" }, ...messages] };
}

const FIXED = ["3/8/700", "2/6/500", "1/4/300"];

/** The budget against each fixed policy on one conversation. */
async function compare(conversation: Transcript, tokenizer: Tokenizer): Promise<void> {
  const { policies, replays } = await simulated([conversation], { tokenizer });
  const totals = new Map(policies.map((each) => [each.policy, each]));
  const budget = totals.get("budget");
  expect(budget, conversation.id).toMatchObject({ conversationsOver: 0, conversationsRefused: 0 });
  expect(replays.find(({ policy }) => policy === "budget")?.turns.every((turn) => !turn.overCapacity)).toBe(
    true,
  );
  for (const name of FIXED) {
    const fixed = totals.get(name);
    if (fixed === undefined || budget === undefined) throw new Error(`no totals of ${name}`);
    if (fixed.tokensLost === 0 && fixed.conversationsOver === 0) continue;
    expect(budget.keptTokens, `${conversation.id}, ${name}`).toBeGreaterThan(fixed.keptTokens);
    if (fixed.conversationsOver > 0) continue;
    // Without an end before its time, what is lost can be compared as well.
    expect(budget.tokensLost, `${conversation.id}, ${name}`).toBeLessThan(fixed.tokensLost);
    expect(budget.toolResultsLost, `${conversation.id}, ${name}`).toBeLessThanOrEqual(fixed.toolResultsLost);
  }
}

test.each(WORKLOADS)(
  "%s: over many seeds the budget never exceeds the capacity and keeps more than each fixed policy",
  { timeout: 120_000 },
  async (workload) => {
    for (let seed = 1; seed <= 30; seed++)
      await compare(
        generateTranscript({ workload, seed, turns: 32, tokenizer: ROUGH_TOKENIZER }),
        ROUGH_TOKENIZER,
      );
  },
);

test.each(WORKLOADS)("%s: with the exact tokenizer too", { timeout: 120_000 }, async (workload) => {
  const tokenizer = await openTokenizer();
  for (let seed = 1; seed <= 3; seed++)
    await compare(generateTranscript({ workload, seed, turns: 32, tokenizer }), tokenizer);
});

test("a turn over the capacity is named at the first, and what is read ends before it", async () => {
  // 10 tokens a message of the chat format aside, prompts grow by 3,000 a turn; 7,264 fit.
  const calls = [1, 2, 3, 4].flatMap((id) => call(String(id), 3000));
  const { policies, replays } = await simulated([transcript(user(10), ...calls)], { policies: ["none"] });
  expect(policies[0]).toMatchObject({ exceededAtTurn: 4, conversationsOver: 1, tokensLost: 0 });
  const turns = replays[0]?.turns ?? [];
  expect(turns.map(({ overCapacity }) => overCapacity)).toEqual([false, false, false, true]);
  const read = turns.slice(0, 3).reduce((sum, turn) => sum + turn.keptTokens, 0);
  expect(policies[0]?.keptTokens).toBe(read);
});

test("what a policy lost is counted: tokens, results and answers that were cut", async () => {
  const messages = [user(10), ...call("a", 100), ...call("b", 100), answer(400), user(5), answer(1)];
  const { policies, replays } = await simulated([transcript(...messages)], { policies: ["1/9/300"] });
  // The result of "a" (4 tokens around it) went before turn 3, that of "b" before turn 4; 100 tokens of the answer of
  // turn 3 were not written.
  const turns = replays[0]?.turns ?? [];
  expect(turns.map(({ toolResultsLost }) => toolResultsLost)).toEqual([0, 0, 1, 2]);
  expect(turns.map(({ tokensLost }) => tokensLost)).toEqual([0, 0, 104 + 100, 208 + 100]);
  expect(turns.map(({ newTokens }) => newTokens)).toEqual([5, 5, 300, 1]);
  expect(policies[0]).toMatchObject({ toolResults: 2, toolResultsLost: 2, tokensLost: 308 });
});

test("what must stay and does not fit ends the replay with a sentence", async () => {
  const messages = [{ role: "system" as const, content: words(9000) }, user(10), answer(1)];
  const { policies, notes } = await simulated([{ id: "long", messages }], { policies: ["budget"] });
  expect(policies[0]).toMatchObject({
    conversationsRefused: 1,
    conversationsOver: 0,
    turns: 0,
    largestPeakBytes: { absent: expect.stringMatching(/^The system's messages/) as string },
  });
  expect(notes).toEqual([
    expect.stringMatching(
      /^long, budget: no prompt could be made for turn 1\. The system's messages, .* take \d+ tokens/,
    ),
  ]);
});

test("a capacity below the weights of the model is met at the first turn by every policy", async () => {
  const { policies } = await simulated([transcript(user(10), answer(1))], { capacityBytes: 2 ** 30 });
  for (const totals of policies)
    expect(totals.conversationsOver + totals.conversationsRefused, totals.policy).toBe(1);
});

test("a result without its call is named, and every policy goes on", async () => {
  const odd = transcript(
    { role: "tool", content: words(20) },
    user(3),
    ...call("a", 30),
    {
      role: "tool",
      content: words(20),
      toolCallId: "nobody",
    },
    answer(5),
    user(2),
    answer(3),
  );
  const { policies, notes } = await simulated([odd]);
  expect(policies.map(({ turns }) => turns)).toEqual(POLICY_NAMES.map(() => 3));
  expect(notes).toEqual([
    "t: Message 2 is a tool's result, and no call stands before it; it is kept where it stands.",
    "t: Message 6 is a tool's result, and no call has the id nobody; it is kept where it stands.",
    "Nothing needs pruning here: with eager attention every whole history fits into the capacity.",
  ]);
});

test("a policy that is none is one sentence", async () => {
  await expect(simulated([transcript(user(1), answer(1))], { policies: ["3/8"] })).rejects.toThrow(
    '"3/8" is not a policy; give none, 3/8/700, 2/6/500, 1/4/300, summaries, budget, or other numbers as K/T/N.',
  );
});

test("an interruption ends the simulation", async () => {
  const controller = new AbortController();
  controller.abort();
  const options = {
    policies: ["none"],
    transcripts: [transcript(user(1), answer(1))],
    tokenizer: WORDS,
    model: MODEL,
    modelName: "m",
    capacityBytes: CAPACITY_BYTES,
    attention: "eager",
    logits: "last",
    signal: controller.signal,
  } as const;
  await expect(simulateContext(options)).rejects.toThrow(/aborted/);
});
