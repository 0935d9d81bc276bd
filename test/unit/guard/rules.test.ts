import { describe, expect, test } from "vitest";
import { knownReadings } from "../../../src/guard/reading-names.js";
import { compile } from "../../../src/guard/rules/expression.js";
import { parseCondition } from "../../../src/guard/rules/parse.js";
import { readRule } from "../../../src/guard/rules/rule.js";

const KNOWN = knownReadings(["activeFlows", "maxActiveFlows", "iterationMs"]);

function threshold(text: string): number {
  return compile(parseCondition(text, KNOWN).right, () => 0)(new Float64Array([50]));
}

describe("thresholds", () => {
  test.each([
    ["rssBytes > 20 GiB", 20 * 1073741824],
    ["rssBytes > 20GB", 20e9],
    ["rssBytes > 1.5 MiB", 1572864],
    ["rssBytes > 4096 B", 4096],
    ["rssBytes > 2 * (1 GiB - 24 MiB) / 4", 524288000],
    ["activeFlows > 30_000", 30000],
    ["iterationMs > 1.5 s", 1500],
    ["memoryPressureShare > 20 %", 0.2],
    // 0.9 of the 50 that stands at every reading's place.
    ["activeFlows > 0.9 * maxActiveFlows", 45],
    ["activeFlows > maxActiveFlows - 2 * 3 + 1", 45],
  ])("%s", (text, expected) => {
    expect(threshold(text)).toBeCloseTo(expected, 6);
  });

  test("a reading on the right side comes to the left", () => {
    const { left, comparison, right } = parseCondition("4 GiB >= hostAvailableBytes", KNOWN);
    expect([left.text, comparison, right.text]).toEqual(["hostAvailableBytes", "<=", "4 GiB"]);
  });
});

describe("a rule that cannot be read says where and what was meant", () => {
  test.each([
    ["rssByte > 1 GiB", /at character 1 \("rssByte"\).*nearest name is rssBytes/],
    ["activeflows > 3", /at character 1 \("activeflows"\).*nearest name is activeFlows/],
    ["reserved > 1 GiB", /nearest name is deviceReservedBytes/],
    ["zzz > 1", /there is no reading of that name; the readings are pssBytes, /],
    ["rssBytes > 20 GIB", /at character 15 \("GIB"\).*the nearest is GiB/],
    ["rssBytes > 20 parsecs", /at character 15 \("parsecs"\): expected a unit/],
    ["rssBytes > 20", /at character 12 \("20"\): expected bytes.*such as 20 GiB/],
    ["activeFlows > 20 GiB", /at character 15 \("20 GiB"\): expected a plain number/],
    ["rssBytes > 3 s", /expected bytes, as "rssBytes" is, and this is milliseconds/],
    ["rssBytes / 2 GiB > 0.5", /at character 12 \("2 GiB"\).*no division of units/],
    ["rssBytes > 4 GiB / 1 GiB", /at character 20 \("1 GiB"\).*no division of units/],
    ["rssBytes * 2 GiB > 1 GiB", /bytes cannot be multiplied by bytes/],
    ["rssBytes + 3 > 1 GiB", /at character 12 \("3"\): a plain number cannot be added to bytes/],
    ["rssBytes > 1 GiB / 0", /divided by 0/],
    ["rssBytes == 1 GiB", /at character 10 \("=="\): expected a comparison/],
    ["rssBytes", /at its end: expected a comparison/],
    ["rssBytes > (1 GiB", /at its end: expected the "\)" of character 12/],
    ["rssBytes > 1 GiB )", /at character 18 \("\)"\): expected the end/],
    ["rssBytes > 1 GiB or rssBytes < 1 MiB", /at character 18 \("or"\): a rule is one comparison/],
    ["1 GiB < rssBytes < 2 GiB", /at character 18 \("<"\): expected the end/],
    ["rssBytes > 1,000 B", /at character 13 \(","\).*30_000/],
    ["2 > 1", /compares two fixed numbers/],
    ["", /at its end/],
    ["rssBytes > 1e999 B", /too large/],
    ["rssBytes > 1 GiB " + "+ 1 B ".repeat(500), /1000 are the most/],
  ])("%s", (text, message) => {
    expect(() => readRule(text, KNOWN)).toThrow(message);
  });
});

describe("a rule that contradicts itself", () => {
  test.each([
    [{ when: "rssBytes > 1 GiB", release: "2 GiB" }, /fires above 1 GiB and is released already at 2 GiB/],
    [{ when: "hostAvailableBytes < 4 GiB", release: "1 GiB" }, /must lie above the threshold/],
    [{ when: "rssBytes > 1 GiB", release: 1.2 }, /released at 1.2 of it; give a share from 0 to 1/],
    [{ when: "hostAvailableBytes < 4 GiB", release: "90 %" }, /give a share from 1/],
    [{ when: "rssBytes > 1 GiB", release: "5" }, /release of a plain number/],
    [{ when: { reading: "rssBytes", above: 1, below: 2 } }, /either "above" or "below"/],
    [{ when: { reading: "rssBytes" } }, /either "above" or "below"/],
    [{ when: "rssBytes > 1 GiB", forSamples: 0 }, /whole number from 1 for forSamples, not 0/],
    [{ when: "rssBytes > 1 GiB", cooldown: "soon" }, /cooldown that cannot be read/],
    [{ when: "rssBytes > 1 GiB", cooldown: -1 }, /cooldown from 0 to 24 hours/],
    [{ when: "rssBytes > 1 GiB", action: { skip: [] } }, /names of the branches/],
    [{ when: "rssBytes > 1 GiB", name: " " }, /empty name/],
  ])("%j", (options, message) => {
    expect(() => readRule(options, KNOWN)).toThrow(message);
  });
});

test("an object says the same as its text", () => {
  const bytes = readRule({ when: { reading: "rssBytes", above: 2 ** 30 } }, KNOWN);
  const text = readRule({ when: { reading: "rssBytes", above: "1 GiB" } }, KNOWN);
  expect([bytes.text, text.text]).toEqual(["rssBytes > 1073741824 B", "rssBytes > 1 GiB"]);
  expect(bytes).toMatchObject({ forSamples: 1, cooldownMs: 10_000, action: "warn", release: { share: 0.9 } });
});
