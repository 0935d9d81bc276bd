import { expect, test } from "vitest";
import { compareEstimates } from "../../../src/analysis/estimates.js";

const kinds = [
  { kind: "strings", bytes: 700, count: 20 },
  { kind: "objects", bytes: 200, count: 20 },
];

test("the residual is the error on what is covered and the kinds that are not", () => {
  const [compared] = compareEstimates(
    [{ name: "text", bytes: 500, formula: "500", covers: ["strings"] }],
    900,
    kinds,
  );
  expect(compared?.comparison).toEqual({
    measuredOverEstimate: 1.8,
    residualBytes: 400,
    residual: [
      { name: "strings less the estimate", bytes: 200 },
      { name: "objects", bytes: 200 },
    ],
  });
});

test("what the line holds beyond the snapshot is a part of its own", () => {
  const [compared] = compareEstimates([{ bytes: 500, formula: "500", covers: ["strings"] }], 910, kinds);
  expect(compared?.comparison.residual.at(-1)).toEqual({ name: "slope beyond the snapshot", bytes: 10 });
});

test("without a snapshot the residual has no parts", () => {
  const [compared] = compareEstimates([{ bytes: 500, formula: "500" }], 910, []);
  expect(compared?.comparison.residual).toEqual([]);
});
