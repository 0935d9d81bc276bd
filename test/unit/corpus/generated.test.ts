import { expect, test } from "vitest";
import { generatedCorpus } from "../../../src/corpus/generated.js";

const corpus = generatedCorpus(1);

function lengthsOf(session: number, count: number): number[] {
  return corpus
    .messages(session, count)
    .map(({ content }) => content.length)
    .sort((a, b) => a - b);
}

test("users and assistants alternate", () => {
  expect(corpus.messages(0, 3).map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
});

test("every session has the same lengths in an order of its own", () => {
  expect(lengthsOf(0, 20)).toEqual(lengthsOf(77, 20));
  const order = (session: number): number[] =>
    corpus.messages(session, 20).map(({ content }) => content.length);
  expect(order(0)).not.toEqual(order(77));
});

test("a seed gives the same text again, another seed another", () => {
  const text = (seed: number): string =>
    generatedCorpus(seed)
      .messages(3, 4)
      .map(({ content }) => content)
      .join("");
  expect(text(5)).toBe(text(5));
  expect(text(5)).not.toBe(text(6));
});

test("contents differ from message to message and from session to session", () => {
  const contents = [0, 1, 2].flatMap((session) => corpus.messages(session, 20).map(({ content }) => content));
  expect(new Set(contents).size).toBe(60);
});

test("the text length is the sum of the contents, one byte a character", () => {
  const sum = corpus.messages(9, 21).reduce((bytes, { content }) => bytes + content.length, 0);
  expect(corpus.textBytes(9, 21)).toBe(sum);
});

test("no messages", () => {
  expect(corpus.messages(0, 0)).toEqual([]);
  expect(corpus.textBytes(0, 0)).toBe(0);
});
