import { expect, test } from "vitest";
import { atMost, within } from "../../../src/vitest/verdict.js";

const exactly = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value,
  high: value,
});

test("a limit is kept up to what cannot be told from it", () => {
  expect(atMost(exactly(100), 100, 0.01)).toBe("kept");
  expect(atMost(exactly(100.01), 100, 0.01)).toBe("kept");
  expect(atMost(exactly(100.5), 100, 0.01)).toBe("broken");
});

test("an interval on both sides of a limit decides nothing", () => {
  expect(atMost({ value: 100, low: 98, high: 102 }, 100, 0.01)).toBe("undecided");
});

test("a size is met from either side within its tolerance", () => {
  expect(within(exactly(735), 736, 1, 0)).toBe("kept");
  expect(within(exactly(737), 736, 1, 0)).toBe("kept");
  expect(within(exactly(738), 736, 1, 0)).toBe("broken");
  expect(within(exactly(734), 736, 1, 0)).toBe("broken");
  expect(within({ value: 736, low: 734, high: 738 }, 736, 1, 0)).toBe("undecided");
});
