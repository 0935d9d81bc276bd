import { expect, test } from "vitest";
import { commit, merge, other, promote, runsOf, stage, warmUp } from "./support.js";

/** A run of nine rows that ends with three items. */
const RUN = [
  warmUp(50),
  warmUp(120),
  commit(210, 1),
  merge(220, 1),
  commit(230, 2),
  stage(240, 2),
  stage(250, 2),
  promote(240, 3),
  merge(260, 3),
];

test("a run begins where mem_size is 0 again and the warm-up begins again", () => {
  const { runs, splitter } = runsOf([...RUN, ...RUN, ...RUN]);
  expect(runs).toEqual([
    ...Array<number>(9).fill(0),
    ...Array<number>(9).fill(1),
    ...Array<number>(9).fill(2),
  ]);
  expect(splitter.current?.began).toBe("warm-up begins again");
  expect(splitter.returns).toBe(0);
});

test("a promotion that logs an earlier step begins no run", () => {
  const rows = [...RUN, promote(215, 4), promote(60, 5), merge(261, 5)];
  const { runs, splitter } = runsOf(rows);
  expect(new Set(runs)).toEqual(new Set([0]));
  expect(splitter.stepFalls).toBe(0);
});

test("a decay and a rollback lower mem_size, to 0 too, within one run", () => {
  const rows = [...RUN, other(300, "decay", 1), merge(310, 1), other(320, "rollback", 0), commit(330, 1)];
  expect(new Set(runsOf(rows).runs)).toEqual(new Set([0]));
});

test("a rollback that also sets the steps back begins no run", () => {
  const rows = [...RUN, other(100, "rollback", 0), commit(110, 1), commit(115, 2)];
  expect(new Set(runsOf(rows).runs)).toEqual(new Set([0]));
});

test("a decay that the log does not name begins no run while the steps go on", () => {
  expect(new Set(runsOf([...RUN, merge(300, 0), commit(310, 1)]).runs)).toEqual(new Set([0]));
});

test("a run that never left its warm-up is told from the next by its steps", () => {
  const { runs } = runsOf([warmUp(50), warmUp(120), warmUp(30), warmUp(90), commit(210, 1)]);
  expect(runs).toEqual([0, 0, 1, 1, 1]);
});

test("without a warm-up a run begins where mem_size falls to 0 by itself and the steps begin again", () => {
  const run = [commit(2, 1), commit(5, 2), commit(9, 3), merge(900, 3)];
  const { runs, splitter } = runsOf([...run, ...run]);
  expect(runs).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  expect(splitter.current?.began).toBe("steps begin again");
});

test("steps that go back without a fall of mem_size are reported and begin no run", () => {
  const { runs, splitter } = runsOf([...RUN, merge(100, 3), merge(270, 3)]);
  expect(new Set(runs)).toEqual(new Set([0]));
  expect(splitter.stepFalls).toBe(1);
  expect(splitter.firstStepFallLine).toBe(10);
});

test("rows of two runs that write one file at once go back to their own", () => {
  const a = [warmUp(100), ...Array.from({ length: 20 }, (_, n) => commit(210 + n, n + 1))];
  const b = [warmUp(90), warmUp(95), ...Array.from({ length: 5 }, (_, n) => commit(230 + n, n + 1))];
  // The first has ten items when the second begins; from then on they alternate.
  const rows = a.slice(0, 11);
  const expected = rows.map(() => 0);
  for (let n = 0; n < 7; n += 1) {
    rows.push(b[n] as string, a[11 + n] as string);
    expected.push(1, 0);
  }
  const { runs, splitter } = runsOf(rows);
  expect(runs).toEqual(expected);
  expect(splitter.returns).toBe(13);
  expect(splitter.firstReturnLine).toBe(13);
});

test("a later run is not taken for a short one that ended long before", () => {
  const long = Array.from({ length: 300 }, (_, n) => merge(260 + n, 3));
  // The third begins at a step at which the first, which died in its warm-up, could have gone on.
  const { runs } = runsOf([warmUp(45), warmUp(30), ...RUN.slice(2), ...long, ...RUN]);
  expect([runs[0], runs[1], runs.at(-10), runs.at(-9), runs.at(-1)]).toEqual([0, 1, 1, 2, 2]);
});
