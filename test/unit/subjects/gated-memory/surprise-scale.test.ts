import { expect, test } from "vitest";
import { SurpriseScale } from "../../../../experiments/subjects/gated-memory/surprise-scale.js";

/** The surprises 0, 1, ... 49: their median is the 26th and their 85th percentile the 43rd of them. */
function scaleOf50(): SurpriseScale {
  const scale = new SurpriseScale();
  for (let surprise = 0; surprise < 49; surprise++) expect(scale.normalised(surprise)).toBeUndefined();
  scale.normalised(49);
  return scale;
}

test("a surprise is 0 up to the median and 1 at the 85th percentile, and has no scale before there are 50", () => {
  const scale = scaleOf50();
  expect(scale.normalised(25)).toBe(0);
  expect(scale.normalised(3)).toBe(0);
  expect(scale.normalised(42)).toBeCloseTo(1, 6);
  expect(scale.normalised(59)).toBeCloseTo(2, 6);
});

test("the scale follows the last 512 surprises", () => {
  const scale = scaleOf50();
  for (let index = 0; index < 1024; index++) scale.normalised(1000 + (index % 100));
  expect(scale.normalised(1000)).toBe(0);
  expect(scale.normalised(49)).toBe(0);
  // All of 1,000 to 1,099 come about five times among the last 512: median 1,050, 85th percentile 1,085.
  expect(scale.normalised(1120)).toBeCloseTo(2, 0);
});
