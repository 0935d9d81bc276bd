import { expect, test } from "vitest";
import { rolloutProblem } from "../../../src/experiment/rollout/index.js";
import { PLAN } from "./plans.js";

const stage = (name: string, more: object = {}): object => ({ name, flags: {}, ...more });
const plan = (changes: object): unknown => ({ ...PLAN, ...changes });

test("a right plan has no problem", () => {
  expect(rolloutProblem(PLAN, false)).toBeUndefined();
});

const WRONG: [string, unknown, RegExp][] = [
  ["no plan", null, /must be an object with flags, readings and stages/],
  ["an empty plan", plan({ stages: [] }), /^it has no stages; give at least one$/],
  [
    "a cycle",
    plan({
      stages: [stage("a", { after: "c" }), stage("b", { after: "a" }), stage("c", { after: ["b"] })],
    }),
    /wait for one another in a circle \(a after c after b after a\)/,
  ],
  [
    "a stage that waits for a cycle without being in it",
    plan({
      stages: [stage("last", { after: "b" }), stage("a", { after: "b" }), stage("b", { after: "a" })],
    }),
    /in a circle \(b after a after b\)/,
  ],
  ["a stage after itself", plan({ stages: [stage("a", { after: "a" })] }), /in a circle \(a after a\)/],
  [
    "an unknown stage in after",
    plan({ stages: [stage("stabilise"), stage("B", { after: "stabilize" })] }),
    /^stage "B" comes after "stabilize", which is no stage: did you mean "stabilise"\?$/,
  ],
  ["no criteria", plan({ criteria: {} }), /^stage "stabilise" has no criteria; say what must hold/],
  [
    "a first stage that is only compared",
    plan({ criteria: { cost: { atMostTimesPrevious: 2 } } }),
    /^stage "stabilise" is only compared with a stage before it, and there is none/,
  ],
  [
    "a fallback that is only compared",
    plan({
      criteria: {},
      stages: [stage("a", { criteria: { cost: { atMost: 1 } } })],
      fallback: [stage("less", { criteria: { cost: { atMostTimesPrevious: 2 } } })],
    }),
    /^stage "less" is only compared/,
  ],
  ["a name given twice", plan({ stages: [stage("a"), stage("a")] }), /two of its stages are named "a"/],
  ["a fallback named as a stage", plan({ fallback: [stage("A")] }), /two of its stages are named "A"/],
  ["a stage without a name", plan({ stages: [stage("")] }), /each of its stages needs a "name"/],
  [
    "a flag with two types",
    plan({ stages: [stage("a", { flags: { spawn: true } })] }),
    /^the flag "spawn" has two types: the number 0 in its "flags" and the boolean true in stage "a"$/,
  ],
  [
    "a flag that the plan lacks",
    plan({ stages: [stage("a", { flags: { wid: true } })] }),
    /^stage "a" sets the flag "wid", which its "flags" lack: did you mean "wide"\?$/,
  ],
  ["a flag that is no level", plan({ flags: { spawn: NaN } }), /the flag "spawn" is NaN; a level is/],
  ["a flag with the name of a column", plan({ flags: { stage: 1 } }), /no flag can be named "stage"/],
  ["no flags", plan({ flags: undefined }), /^it has no "flags"/],
  [
    "an unknown reading",
    plan({ criteria: { costs: { atMost: 1 } } }),
    /^it has a criterion on "costs", which is not among its readings: did you mean "cost"\?$/,
  ],
  [
    "an unknown reading of one stage",
    plan({ stages: [stage("a", { criteria: { peakBytes: { atMost: 1 } } })] }),
    /^stage "a" has a criterion on "peakBytes"/,
  ],
  ["a criterion that bounds nothing", plan({ criteria: { cost: {} } }), /"cost" bounds nothing/],
  ["a bound of another kind", plan({ criteria: { cost: { below: 1 } } }), /"cost" has "below"; there are/],
  [
    "a bound that is no size",
    plan({ criteria: { heldBytes: { atMost: "8 gigs" } } }),
    /"8 gigs" is not a size/,
  ],
  ["a size for a plain number", plan({ criteria: { cost: { atMost: "8 MiB" } } }), /"8 MiB" is no bound/],
  ["a factor of 0", plan({ criteria: { cost: { atMostTimesPrevious: 0 } } }), /is 0 times the stage before/],
  [
    "bounds that exclude each other",
    plan({ criteria: { cost: { atLeast: 2, atMost: 1 } } }),
    /nothing meets/,
  ],
  ["readings that are none", plan({ readings: "cost" }), /"readings" must be a list/],
];

test.each(WRONG)("%s is one clause that says what and where", (_, wrong, clause) => {
  const problem = rolloutProblem(wrong, false);
  expect(problem).toMatch(clause);
  expect(problem).not.toMatch(/\n/);
});

test("a command's own readings need not be named", () => {
  const capped = plan({ criteria: { peakBytes: { atMost: "1 GiB" } } });
  expect(rolloutProblem(capped, true)).toBeUndefined();
  expect(rolloutProblem(capped, false)).toMatch(/"peakBytes", which is not among its readings/);
});
