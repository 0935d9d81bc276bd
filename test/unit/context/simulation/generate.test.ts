import { expect, test } from "vitest";
import { Exchanges } from "../../../../src/context/exchanges.js";
import {
  generateTranscript,
  TOOL_RESULT_CHARACTERS,
  WORKLOADS,
} from "../../../../src/context/simulation/generate.js";
import { openTokenizer, ROUGH_TOKENIZER } from "../../../../src/context/tokenizer.js";

test("lengths of tool results have the quantiles that were measured", () => {
  const lengths = Array.from({ length: 60 }, (_, seed) =>
    generateTranscript({ workload: "tool-use", seed, turns: 120, tokenizer: ROUGH_TOKENIZER }),
  )
    .flatMap(({ messages }) => messages.filter(({ role }) => role === "tool"))
    .map(({ content }) => content.length)
    .sort((a, b) => a - b);
  expect(lengths.length).toBeGreaterThan(4000);
  for (const [share, characters] of TOOL_RESULT_CHARACTERS) {
    const found = lengths[Math.floor(share * lengths.length)] ?? 0;
    // One in a hundred of 4,000 are 40 results: their order statistic is uncertain by a tenth and more.
    expect(found / characters, `share ${share}`).toBeGreaterThan(0.8);
    expect(found / characters, `share ${share}`).toBeLessThan(1.25);
  }
});

test("heavy results have 3,000 to 5,000 tokens", async () => {
  const tokenizer = await openTokenizer();
  const { messages } = generateTranscript({ workload: "heavy", seed: 3, turns: 40, tokenizer });
  const tokens = messages
    .filter(({ role }) => role === "tool")
    .map(({ content }) => tokenizer.count(content));
  expect(tokens.length).toBeGreaterThan(20);
  expect(Math.min(...tokens)).toBeGreaterThanOrEqual(3000);
  expect(Math.max(...tokens)).toBeLessThanOrEqual(5000);
  expect(Math.max(...tokens) - Math.min(...tokens)).toBeGreaterThan(1000);
});

test.each(WORKLOADS)("%s: a seed makes the same conversation again, another seed another", (workload) => {
  const make = (seed: number): unknown =>
    generateTranscript({ workload, seed, turns: 10, tokenizer: ROUGH_TOKENIZER });
  expect(make(1)).toEqual(make(1));
  expect(make(1)).not.toEqual(make(2));
});

test.each(WORKLOADS)(
  "%s: every result has its call, and there are as many turns as asked for",
  (workload) => {
    for (let seed = 0; seed < 20; seed++) {
      const { messages } = generateTranscript({ workload, seed, turns: 25, tokenizer: ROUGH_TOKENIZER });
      const exchanges = new Exchanges();
      for (const [index, message] of messages.entries()) exchanges.add(message, index);
      expect(exchanges.problems).toEqual([]);
      expect(exchanges.list.flatMap((turn) => exchanges.unanswered(turn))).toEqual([]);
      expect(exchanges.list).toHaveLength(25);
    }
  },
);
