import { describe, expect, test } from "vitest";
import { FIGURES } from "../../../src/oom/record.js";
import { seededRandom } from "../../../src/base/stats/random.js";
import { MESSAGES } from "./messages.js";
import { recordOf, recordsOf } from "./support.js";

/** Of these a part states another figure than the whole: an earlier collection, a sum of fewer parts. */
const GROWING = new Set(["Node", "the kernel"]);

describe.each(Object.entries(MESSAGES).filter(([name]) => !GROWING.has(name)))("%s", (name, make) => {
  test("cut off anywhere states no figure that the whole does not", async () => {
    const { text } = make(seededRandom(name.length));
    const whole = await recordOf(text);
    for (let end = 10; end < text.length; end += 1) {
      const cut = text.slice(0, end);
      for (const record of await recordsOf(cut)) {
        for (const figure of FIGURES) {
          const [low, high] = record.ranges[figure] ?? [];
          if (low === undefined || high === undefined) continue;
          // Nothing tells a whole number that was cut from one that was not.
          if (record.textRanges[figure]?.[1] === end && /\d$/.test(cut)) continue;
          // Which of several processes is this one is said last.
          if (figure === "processInUseBytes" && record.processScope !== whole.processScope) continue;
          expect(whole[figure], `${figure} in: ${cut}`).toBeGreaterThanOrEqual(low);
          expect(whole[figure], `${figure} in: ${cut}`).toBeLessThanOrEqual(high);
        }
        if (record.gpuIndex !== null && !/\d$/.test(cut)) expect(record.gpuIndex, cut).toBe(whole.gpuIndex);
      }
    }
  });
});
