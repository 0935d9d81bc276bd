import { describe, expect, test } from "vitest";
import { estimate, modelOf } from "../../../src/model/index.js";
import { comparePublished } from "../../../src/model/published.js";
import { TINY, TINY_LATENT } from "./configs.js";

describe("a published size of the cache", () => {
  // 2 layers x 2 heads x (2 + 2) x 2 B = 32 B a token, 3,200 B for 100.
  const of = (batch = 1): ReturnType<typeof estimate> =>
    estimate(modelOf(TINY), { tokens: 100, batch, dtype: "bf16" });

  test.each([
    ["3200B", true],
    ["3201 B", false],
    ["3.2kB", true],
    ["3.13KiB", true], // 3.125, a tie
    ["3.12KiB", true],
    ["3.11KiB", false],
    ["3KiB", true],
    ["4KiB", false],
  ])("%s agrees: %s", (published, agrees) => {
    expect(comparePublished(published, of()).agrees).toBe(agrees);
  });

  test("says how many times the formula it is", () => {
    const compared = comparePublished("6400B", of());
    expect(compared).toMatchObject({ agrees: false, computedBytes: 3200 });
    expect(compared.publishedOverComputed).toBeCloseTo(2, 12);
    expect(compared.isInstead).toBeUndefined();
  });

  test("may be another size of the same cache, which is named and does not count as agreeing", () => {
    expect(comparePublished("3200B", of(4))).toMatchObject({
      agrees: false,
      isInstead: "that of one of the sequences",
    });
    // A latent token is 2 layers x (6 + 2) x 2 B = 32 B; expanded it is 2 x 4 heads x (3 + 2 + 5) x 2 B = 160 B.
    const latent = estimate(modelOf(TINY_LATENT), { tokens: 10 });
    expect(comparePublished("320B", latent).agrees).toBe(true);
    expect(comparePublished("1600B", latent)).toMatchObject({
      agrees: false,
      isInstead: "what runtimes take that cache keys and values expanded",
    });
  });
});
