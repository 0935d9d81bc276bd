import { expect, test } from "vitest";
import { toldOnce } from "../../../src/analysis/told-once.js";

const row = (tokens: number, ...messages: string[]) => ({
  factors: { cache: "dense", tokens },
  warnings: messages.map((message) => ({ name: "unsteady", message })),
});

test.each([
  {
    what: "numbers that differ become a range, and rows are named",
    trials: [
      row(500, "Reads of fp16 differed by 2.70."),
      row(500, "Reads of fp16 differed by 10.5."),
      row(1000, "Reads of fp16 differed by 3.00."),
      row(2000),
    ],
    message:
      "Reads of fp16 differed by 2.70 to 10.5. (2 of 3 rows: cache=dense tokens=500; cache=dense tokens=1000.)",
  },
  {
    what: "doubts of all rows say so",
    trials: [row(500, "It took 1,500 B."), row(1000, "It took 1,500 B.")],
    message: "It took 1,500 B. (All 2 rows.)",
  },
  {
    what: "names that differ stay two sentences",
    trials: [row(500, "fp16 is off."), row(1000, "fp32 is off.")],
    message:
      "fp16 is off. (1 of 2 rows: cache=dense tokens=500.) fp32 is off. (1 of 2 rows: cache=dense tokens=1000.)",
  },
  {
    what: "of many rows three are named",
    trials: [1, 2, 3, 4, 5, 6].map((tokens) => row(tokens, ...(tokens < 6 ? ["It is off."] : []))),
    message:
      "It is off. (5 of 6 rows: cache=dense tokens=1; cache=dense tokens=2; cache=dense tokens=3; and 2 more.)",
  },
  { what: "the only row is not named", trials: [row(500, "It is off.")], message: "It is off." },
])("$what", ({ trials, message }) => {
  expect(toldOnce(trials)).toEqual([{ name: "unsteady", message }]);
});
