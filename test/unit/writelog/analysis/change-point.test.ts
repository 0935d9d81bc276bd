import { expect, test } from "vitest";
import { isAbsent } from "../../../../src/system/probe/reading.js";
import type { CommitsEnd } from "../../../../src/writelog/analysis/change-point.js";
import { commitsEnd, SURE } from "../../../../src/writelog/analysis/change-point.js";
import { seededRandom } from "../../../../src/base/stats/random.js";

const end = (commits: readonly number[], steps = 10): ReturnType<typeof commitsEnd> =>
  commitsEnd(
    commits.map((count) => ({ commits: count, steps })),
    (cell) => cell * 10,
    (step) => step - 1,
  );

function found(result: ReturnType<typeof commitsEnd>): CommitsEnd {
  if (isAbsent(result)) throw new Error(result.absent);
  return result;
}

test("commits in the first tenth alone end there, with the likelihood ratio N ln(1/p)", () => {
  const result = found(end([4, 4, 4, 4, 4, 4, 4, 4, 4, 4, ...Array<number>(90).fill(0)]));
  expect(result.changeStep).toBe(100);
  expect(result.step).toBe(99);
  expect(result.before).toEqual({ commits: 40, steps: 100, perThousandSteps: 400 });
  expect(result.after).toEqual({ commits: 0, steps: 900, perThousandSteps: 0 });
  expect(result.logLikelihoodRatio).toBeCloseTo(40 * Math.log(10), 9);
  // 99 places are tried.
  expect(result.probabilityAtMost).toBeCloseTo(99 * 10 ** -40, 45);
});

test("a straggler does not move the place", () => {
  const cells = [...Array<number>(10).fill(4), ...Array<number>(90).fill(0)];
  cells[60] = 1;
  expect(found(end(cells))).toMatchObject({ changeStep: 100, after: { commits: 1 } });
});

test("a constant rate gives no sure fall: under the bound in fewer than one of a hundred logs", () => {
  const random = seededRandom(7);
  let sure = 0;
  for (let log = 0; log < 300; log += 1) {
    const cells = Array<number>(100).fill(0);
    for (let n = 0; n < 30; n += 1) (cells[Math.floor(random() * 100)] as number) += 1;
    const result = end(cells);
    if (!isAbsent(result) && result.probabilityAtMost <= SURE) sure += 1;
  }
  expect(sure).toBeLessThanOrEqual(3);
});

test("steps with several runs under way count for each of them", () => {
  // Twice the commits in twice the exposure are no fall.
  const cells = [
    ...Array.from({ length: 10 }, () => ({ commits: 2, steps: 20 })),
    ...Array.from({ length: 10 }, () => ({ commits: 1, steps: 10 })),
  ];
  const result = commitsEnd(
    cells,
    (cell) => cell,
    () => undefined,
  );
  expect(isAbsent(result) || result.probabilityAtMost === 1).toBe(true);
});

test("no commit, and one alone, have no rate that could fall", () => {
  expect(end([0, 0, 0])).toEqual({ absent: "there is no commit" });
  expect(end([1, 0, 0])).toEqual({ absent: "there is only one commit" });
});

test("a rate that only rises never falls", () => {
  expect(end([0, 0, 0, 5, 5])).toEqual({ absent: "the rate of commits never falls" });
});
