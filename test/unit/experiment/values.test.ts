import { describe, expect, test } from "vitest";
import { estimatesOf, unitsOf } from "../../../src/experiment/computed.js";
import type { Experiment } from "../../../src/experiment/define.js";
import { nameProblem } from "../../../src/experiment/name.js";
import { valuesProblem } from "../../../src/experiment/values-problem.js";
import { requireCellCount } from "../../../src/runner/plan.js";

const part = { name: "b", factors: { n: [1] }, program: "./p.mjs", table: { title: "t", columns: [] } };

test.each([
  [
    "NaN",
    { factors: { n: [NaN] } },
    'factor "n" has the level NaN; levels are finite numbers, texts, true and false',
  ],
  ["infinity", { factors: { n: [1, -Infinity] } }, 'factor "n" has the level -Infinity; levels are'],
  ["infinity in quick", { quick: { n: [Infinity] } }, 'factor "n" has the level Infinity; levels are'],
  ["a BigInt", { factors: { n: [5n] } }, 'factor "n" has the level 5n; levels are'],
  ["a symbol", { factors: { n: [Symbol("s")] } }, 'factor "n" has the level Symbol(s); levels are'],
  ["an object", { factors: { n: [{ a: 1 }] } }, 'factor "n" has the level {"a":1}; levels are'],
  ["a function", { factors: { n: [() => 1] } }, 'factor "n" has the level a function; levels are'],
  ["no factors", { factors: null }, 'its "factors" is null, and an object of lists was expected'],
  ["a list of factors", { factors: [1] }, 'its "factors" is [1], and an object of lists was expected'],
  [
    "a factor that is a class",
    { factors: { ["__proto__"]: [1] } },
    'a factor of its "factors" is named "__proto__"',
  ],
  ["no env", { env: null }, 'its "env" is null, and an object of texts was expected'],
  ["a number as title", { title: 5 }, 'its "title" is 5, and a text was expected'],
  ["an object as question", { question: {} }, 'its "question" is {}, and a text was expected'],
  ["a number as estimate", { estimate: 5 }, 'its "estimate" is 5, and a function was expected'],
  [
    "exclude of another kind",
    { exclude: { n: 1 } },
    'its "exclude" is {"n":1}, and a list of objects was expected',
  ],
  ["exclude of levels", { exclude: [1] }, 'its "exclude" has 1, and an object of levels was expected'],
  ["exclude of all", { exclude: [{}] }, 'its "exclude" has {}, which would leave out every cell'],
  ["exclude of no factor", { exclude: [{ m: 1 }] }, 'its "exclude" names the factor "m"; the factors are n'],
  [
    "followUps of another kind",
    { followUps: {} },
    'its "followUps" is {}, and a list of objects was expected',
  ],
  [
    "a follow-up without a name",
    { followUps: [null] },
    'its "followUps" has null, and an object with a "name"',
  ],
  [
    "a follow-up without a program",
    { followUps: [{ ...part, program: 1 }] },
    'its follow-up "b" needs a "program"',
  ],
  [
    "a follow-up without factors",
    { followUps: [{ ...part, factors: undefined }] },
    'of its follow-up "b": its "factors" is null',
  ],
  [
    "a follow-up without a table",
    { followUps: [{ ...part, table: undefined }] },
    'of its follow-up "b": its "table" is null',
  ],
  ["two follow-ups of one name", { followUps: [part, part] }, 'two of its "followUps" are named "b"'],
  [
    "a table without columns",
    { table: { title: "t" } },
    'its "table" is {"title":"t"}, and { title, columns } was expected',
  ],
  ["a container that is a number", { subject: "s.mjs", fits: [512] }, 'its "fits" has 512, and a size'],
  ["a container of no size", { subject: "s.mjs", fits: ["0 MiB"] }, 'its "fits" has "0 MiB", and a size'],
  ["one container", { subject: "s.mjs", fits: "512 MiB" }, 'its "fits" is "512 MiB", and a list of sizes'],
  ["containers of a command", { command: ["ls"], fits: ["1 GB"] }, 'it has "fits" and no "subject"'],
  ["snapshotFactors of NaN", { snapshotFactors: { n: NaN } }, 'its "snapshotFactors" has n=NaN; levels are'],
])("%s is told", (_, values: object, problem) => {
  expect(valuesProblem({ factors: { n: [1, 2] }, ...values })).toContain(problem);
});

test("names of every object's own methods are factors and levels like others", () => {
  expect(
    valuesProblem({ factors: { constructor: [1], toString: ["valueOf"] }, exclude: [{ constructor: 1 }] }),
  ).toBeUndefined();
});

test.each([
  ["README.md", 'its "name" is "README.md", which a results folder has already; give another'],
  ["Summary.JSON", 'its "name" is "Summary.JSON", which a results folder has already; give another'],
  ["runs", 'its "name" is "runs", which a results folder has already; give another'],
  ["a".repeat(256), 'its "name" has 256 letters, and a folder\'s name may have 255; give a shorter one'],
  ["../x", 'its "name" must be letters, digits, "-", "_" and ".", and not begin with "."'],
  ["a".repeat(255), undefined],
])("the name %s", (name, problem) => {
  expect(nameProblem(name)).toBe(problem);
});

describe("what an experiment computes", () => {
  const experiment = (own: object): Experiment => ({ name: "x", unit: "u", command: ["a"], ...own });

  test.each([
    [() => ({ bytes: NaN, formula: "f" }), 'answers {"bytes":null,"formula":"f"}, and { bytes, formula }'],
    [() => undefined, "answers undefined, and { bytes, formula }"],
    [() => [{ bytes: 1, formula: "f" }, 7], "answers 7, and { bytes, formula }"],
    [() => ({ bytes: 1 }), 'answers {"bytes":1}, and { bytes, formula }'],
    [
      () => {
        throw new Error("no idea");
      },
      "throws no idea, at",
    ],
  ])("an estimate that is none is the experiment's mistake (%#)", async (estimate, problem) => {
    const error: unknown = await estimatesOf(experiment({ estimate }), { n: 1 }, { seed: 1 }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "BAD_EXPERIMENT" });
    expect(String(error)).toContain(`The "estimate" of "x" ${problem}`);
  });

  test.each([[0], [-1], [NaN], [Infinity], ["2"]])("units per instance are not %s", (units) => {
    expect(() => unitsOf(experiment({ unitsPerInstance: () => units }), {})).toThrow(
      'The "unitsPerInstance" of "x" answers',
    );
  });
});

test.each([
  [{ repetitions: 1e9 }, "3 combinations of levels, 1,000,000,000 times each: 3,000,000,000 cells"],
  [
    {
      factors: Object.fromEntries(
        [1, 2, 3, 4].map((name) => [name, Array.from({ length: 447 }, (_, n) => n)]),
      ),
    },
    "39,923,636,481 combinations of levels, 1 times each: 39,923,636,481 cells",
  ],
])("more cells than can be planned are refused with their number (%#)", (more, count) => {
  const experiment = { name: "x", unit: "u", command: ["a"], factors: { n: [1, 2, 3] }, ...more };
  expect(() => {
    requireCellCount(experiment, { quick: false, trials: 5 });
  }).toThrow(`x has ${count}, and at most 1,000,000 can be planned`);
  expect(() => {
    requireCellCount(
      { ...experiment, ...more, repetitions: 1, factors: { n: [1, 2] } },
      { quick: false, trials: 5 },
    );
  }).not.toThrow();
});
