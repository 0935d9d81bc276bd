import { expect, test } from "vitest";
import { fittingLength, pagesOf } from "../../../src/context/pages.js";
import { openTokenizer } from "../../../src/context/tokenizer.js";
import { seededRandom } from "../../../src/base/stats/random.js";
import { WORDS, words } from "./support/words.js";

const count = (text: string): number => WORDS.count(text);

test("the longest beginning that fits ends at a line's or a word's end near by", () => {
  expect(fittingLength("one two three four", 2, count)).toBe("one two ".length);
  expect(fittingLength("one two\nthree four five six", 5, count)).toBe("one two\nthree four five ".length);
  expect(fittingLength(words(10), 10, count)).toBe(words(10).length);
});

test("a text without room for a single token still goes on by one character", () => {
  expect(fittingLength("abc", 0, (text) => text.length)).toBe(1);
  expect(fittingLength("😀😀", 0, (text) => text.length)).toBe(2);
});

test("pages are the text again, each within its tokens, and part no character", async () => {
  const tokenizer = await openTokenizer();
  const random = seededRandom(5);
  const alphabet = ["a", "é", " ", "\n", "word ", "=", "7", "😀", "中文", '{"key": 12}, '];
  for (let round = 0; round < 20; round++) {
    const text = Array.from({ length: 400 }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
    const most = 8 + Math.floor(random() * 100);
    const pages = pagesOf(text, most, (part) => tokenizer.count(part));
    expect(pages.join("")).toBe(text);
    for (const page of pages) {
      expect(tokenizer.count(page)).toBeLessThanOrEqual(most);
      expect(Buffer.from(page).toString()).toBe(page);
    }
  }
});
