import { expect, test } from "vitest";
import { CARDS, capacityNote, capacityOf, cardOf, parseCard } from "../../../src/model/index.js";

test.each([
  ["RTX 4090", "RTX-4090"],
  ["rtx4090", "RTX-4090"],
  ["4090", "RTX-4090"],
  ["NVIDIA GeForce RTX 3090", "RTX-3090"],
  ["NVIDIA A100-SXM4-80GB", "A100-80GB"],
  ["a100-40g", "A100-40GB"],
  ["NVIDIA H100 80GB HBM3", "H100-80GB"],
  ["h100", "H100-80GB"],
  ["Tesla T4", "T4"],
  ["Tesla V100-SXM2-16GB", "V100-16GB"],
  ["AMD Instinct MI300X", "MI300X"],
])("the card of %s is %s", (name, expected) => {
  expect(cardOf(name)?.name).toBe(expected);
});

test.each([
  ["A100", "it is sold as A100-80GB and A100-40GB"],
  ["RTX-4091", "the nearest is RTX-4090"],
  ["abacus", "give its memory with --capacity"],
])("the name %s is no card: %s", (name, words) => {
  expect(() => parseCard(name)).toThrow(words);
});

test("every card is found by its own name, and no program gets more than the maker states", () => {
  for (const card of CARDS) {
    expect(cardOf(card.name)).toBe(card);
    expect(card.usableBytes ?? 0).toBeLessThanOrEqual(card.memoryBytes * 1.07);
  }
});

test("the capacity is what a program saw where that is known, else the maker's figure, and the note says which", () => {
  // 14.75 x 2^30
  expect(capacityOf(parseCard("T4"))).toBe(15_837_691_904);
  expect(capacityNote(parseCard("T4"))).toContain("a program saw");
  expect(capacityOf(parseCard("L4"))).toBe(24 * 2 ** 30);
  expect(capacityNote(parseCard("L4"))).toContain("the maker's figure");
});
