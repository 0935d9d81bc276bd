import { describe, expect, test } from "vitest";
import { CHAT_FORMAT, TokenCounter } from "../../../src/context/chat-format.js";
import { budgetPolicy, KEEP_ALL } from "../../../src/context/policy.js";
import type { Tokenizer } from "../../../src/context/tokenizer.js";
import { openTokenizer, TokenizerFailed } from "../../../src/context/tokenizer.js";
import { randomHistory } from "./support/random-history.js";
import { call, user, words, WORDS, wordHistory } from "./support/words.js";

describe("the tokenizer package", async () => {
  const tokenizer = await openTokenizer();

  test("counts as published examples of its encoding do", () => {
    expect(tokenizer.count("hello world")).toBe(2);
    expect(tokenizer.count("")).toBe(0);
  });

  test("sums per message to what the package counts of the whole chat", async () => {
    const { encodeChat } = await import("gpt-tokenizer/model/gpt-4o");
    const chat = randomHistory(1)
      .messages.filter(({ role }) => role !== "tool")
      .map(({ role, content }) => ({ role, content: `${content}, déjà vu 😀\n` }));
    const counter = new TokenCounter(tokenizer, CHAT_FORMAT);
    const sum = chat.reduce((tokens, message) => tokens + counter.message(message), counter.replyTokens);
    const whole = encodeChat(chat.map(({ role, content }) => ({ role: role as "user", content })));
    expect(sum).toBe(whole.length);
  });

  test("takes what looks like a special token for text", () => {
    expect(tokenizer.count("a <|endoftext|> b")).toBeGreaterThan(5);
  });

  test("counts unbroken runs in pieces, of which each may add a token", async () => {
    const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
    for (const text of ["a".repeat(3000), "=".repeat(3000), "\n".repeat(3000), "é".repeat(3000)]) {
      const whole = countTokens(text);
      expect(tokenizer.count(text)).toBeGreaterThanOrEqual(whole);
      expect(tokenizer.count(text)).toBeLessThanOrEqual(whole + 3);
    }
    // Digits, and words of any number, are split by the encoding itself.
    const digits = "0123456789".repeat(500);
    expect(tokenizer.count(digits)).toBe(countTokens(digits));
  });

  test("does not part the halves of a character", () => {
    // A lone half would be counted as three bytes of a replacement character: 1025 more tokens, not one.
    const text = `a${"😀".repeat(1500)}`;
    expect(tokenizer.count(text)).toBeLessThan(2 * 1500 + 10);
  });
});

describe("a tokenizer that fails", () => {
  const failing = (when: (text: string) => boolean): Tokenizer => ({
    count: (text) => {
      if (when(text)) throw new Error("no such symbol.");
      return WORDS.count(text);
    },
  });

  test("is one sentence, and no message is lost", async () => {
    let broken = true;
    const tokenizer = failing((text) => broken && text.startsWith("result"));
    const history = wordHistory(KEEP_ALL, { tokenizer });
    for (const message of [user(3), ...call("a", 7)]) history.add(message);
    const failure = await history.next().catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(TokenizerFailed);
    expect((failure as Error).message).toBe(
      "The tokenizer threw at message 3 (tool) (no such symbol); nothing was removed, and the next turn asks it again.",
    );
    expect(history.messages).toHaveLength(3);
    broken = false;
    const turn = await history.next();
    expect(turn.messages).toHaveLength(3);
    expect(turn.inputTokens).toBe(3 + 5 + 7);
  });

  test("in the middle of pruning leaves the history as it was", async () => {
    let broken = false;
    // What stands in the place of dropped turns is counted last.
    const tokenizer = failing((text) => broken && text.startsWith("[Earlier"));
    const history = wordHistory(budgetPolicy({ capacityTokens: 800, newTokens: 100 }), { tokenizer });
    history.add(user(10));
    for (const id of ["a", "b", "c"]) for (const message of call(id, 20, 250)) history.add(message);
    broken = true;
    await expect(history.next()).rejects.toThrow(TokenizerFailed);
    expect(history.messages.map((_, index) => history.stateOf(index))).toEqual(
      history.messages.map(() => "whole"),
    );
    broken = false;
    expect((await history.next()).pruned.length).toBeGreaterThan(0);
  });

  test.each([Number.NaN, -1, 1.5, "3", Promise.resolve(3)])(
    "that answers %s is one too",
    async (answered) => {
      const history = wordHistory(KEEP_ALL, { tokenizer: { count: () => answered as number } });
      history.add(user(1));
      await expect(history.next()).rejects.toThrow(
        /^The tokenizer answered .* whole number from 0 is expected; /,
      );
      expect(history.messages).toHaveLength(1);
    },
  );
});

test("a text is counted once, however many turns show it", async () => {
  const counted: string[] = [];
  const tokenizer: Tokenizer = {
    count: (text) => {
      counted.push(text);
      return WORDS.count(text);
    },
  };
  const history = wordHistory(KEEP_ALL, { tokenizer });
  history.add({ role: "user", content: words(3, "once") });
  for (let turn = 0; turn < 5; turn++) await history.next();
  expect(counted.filter((text) => text.startsWith("once"))).toHaveLength(1);
});
