import { describe, expect, test } from "vitest";
import {
  hasEnded,
  isStuck,
  isWaiting,
  parseAccounting,
  parseArrayLimit,
  parseQueue,
  refusalOf,
} from "../../../../src/runner/executor/slurm/states.js";

test("the queue is read by task", () => {
  const states = parseQueue("12_0|RUNNING|None\n12_1|PENDING|Resources\n\n13|COMPLETED|None\n");
  expect([...states]).toEqual([
    ["12_0", { state: "RUNNING", reason: "None" }],
    ["12_1", { state: "PENDING", reason: "Resources" }],
    ["13", { state: "COMPLETED", reason: "None" }],
  ]);
});

test.each([
  ["PENDING", true, false],
  ["REQUEUED", true, false],
  ["RUNNING", false, false],
  ["COMPLETING", false, false],
  ["COMPLETED", false, true],
  ["PREEMPTED", false, true],
  ["NODE_FAIL", false, true],
  ["OUT_OF_MEMORY", false, true],
])("%s: waits %s, is over %s", (state, waits, over) => {
  expect([isWaiting(state), hasEnded(state)]).toEqual([waits, over]);
});

test.each([
  ["Priority", false],
  ["Resources", false],
  ["QOSMaxJobsPerUserLimit", false],
  ["AssocGrpCpuLimit", false],
  ["PartitionTimeLimit", true],
  ["JobHeldUser", true],
  ["QOSMaxMemoryPerJob", true],
  ["AssocMaxWallDurationPerJobLimit", true],
])("a job that waits for %s is stuck: %s", (reason, stuck) => {
  expect(isStuck({ state: "PENDING", reason })).toBe(stuck);
});

test("a job that runs is never stuck", () => {
  expect(isStuck({ state: "RUNNING", reason: "JobHeldUser" })).toBe(false);
});

describe("the site's limit on arrays", () => {
  test("is MaxArraySize, as the largest index is one less", () => {
    expect(parseArrayLimit("MailProg = x\nMaxArraySize            = 1001\nMaxDBDMsgs = 2\n")).toBe(1001);
  });

  test("is max_array_tasks where that is smaller", () => {
    expect(
      parseArrayLimit("MaxArraySize = 100001\nSchedulerParameters = bf_interval=3,max_array_tasks=500\n"),
    ).toBe(500);
  });

  test("is 0 where arrays are switched off, and unknown where nothing is said", () => {
    expect(parseArrayLimit("MaxArraySize = 0\n")).toBe(0);
    expect(parseArrayLimit("ClusterName = c\n")).toBeUndefined();
  });
});

test.each([
  [
    "sbatch said: sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
    "passing",
  ],
  [
    "sbatch said: sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
    "passing",
  ],
  ["sbatch gave no answer within 300 s (timed out)", "passing"],
  [
    "sbatch said: sbatch: error: AssocMaxSubmitJobLimit; sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
    "limit",
  ],
  [
    "sbatch said: sbatch: error: AssocMaxWallDurationPerJobLimit; sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
    "final",
  ],
  ["sbatch said: sbatch: error: invalid partition specified: nope", "final"],
  ["sbatch said: sbatch: error: Batch job submission failed: Invalid job array specification", "final"],
])("%s is taken as %s", (message, refusal) => {
  expect(refusalOf(message)).toBe(refusal);
});

test("the accounting is read by task, with its node", () => {
  const said = parseAccounting("12_0|NODE_FAIL|0:0|n7\n12_1|CANCELLED by 1000|0:15|None assigned\n");
  expect([...said.values()]).toEqual(["NODE_FAIL, exit code 0:0 on n7", "CANCELLED by 1000, exit code 0:15"]);
});
