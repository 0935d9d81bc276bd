import { expect, test } from "vitest";
import type { CellEnd } from "../../../../src/record/cell-end.js";
import type { LostTask, SlurmEnd } from "../../../../src/runner/executor/slurm/lost.js";
import { endWithout, lostEnd, settleEnd, slurmEndOf } from "../../../../src/runner/executor/slurm/lost.js";

const JOB: LostTask["job"] = {
  id: "cell-0-1",
  work: { kind: "calibrate" },
  compilers: "off",
  timeoutMs: 1,
  capBytes: 1024,
};

function lost(task: Partial<LostTask> = {}): CellEnd {
  return lostEnd({
    job: JOB,
    task: "12_3",
    state: undefined,
    node: undefined,
    lastOfLog: undefined,
    ...task,
  });
}

function ended(slurmEnd: SlurmEnd): CellEnd {
  return endWithout(JOB, "interrupted", "it", { slurmEnd });
}

test.each([
  ["PREEMPTED", "preempted"],
  ["CANCELLED", "cancelled"],
  ["CANCELLED by 1000", "cancelled"],
  ["OUT_OF_MEMORY", "limit"],
  ["TIMEOUT", "limit"],
  ["NODE_FAIL", "lost"],
  ["COMPLETED", "lost"],
  [undefined, "lost"],
])("Slurm's %s is %s", (state, slurmEnd) => {
  expect(slurmEndOf(state)).toBe(slurmEnd);
});

test("the cause of a lost cell names the job, every source, and the last of the log", () => {
  const { cause, evidence } = lost({
    state: { state: "NODE_FAIL", reason: "None" },
    accounting: "sacct said nothing",
    node: "n7",
    lastOfLog: "node: not found",
  });
  expect(cause).toBe(
    "Slurm's job 12_3 left the queue without a result; squeue said NODE_FAIL; sacct said nothing; it had begun on n7; its log ends with: node: not found",
  );
  expect(evidence).toEqual({ slurmEnd: "lost", slurmJob: "12_3", slurmState: "NODE_FAIL", node: "n7" });
});

test("a cell that never began without a trace asks for the shared folder", () => {
  expect(lost().cause).toContain("does the node see the folder of the results?");
});

test("memory that Slurm took away is a crash with advice, and not a result under the cap", () => {
  const end = lost({ state: { state: "OUT_OF_MEMORY", reason: "None" }, node: "n7" });
  expect(end.outcome).toBe("crash");
  expect(end).not.toHaveProperty("aboveBytes");
  expect(end.cause).toContain('--slurm-option "--mem=SIZE"');
});

test("the cell keeps its cap, and its peak is unknown and not 0", () => {
  expect(lost().memory).toMatchObject({
    capBytes: 1024,
    peakBytes: { absent: "the attempt left no result" },
  });
});

test("what is lost once runs again, what is lost twice is a crash", () => {
  const first = settleEnd(ended("lost"), []);
  expect(first).toMatchObject({ again: true, end: { outcome: "interrupted" } });
  const second = settleEnd(ended("lost"), [first.end]);
  expect(second).toMatchObject({ again: false, end: { outcome: "crash", cause: "it (the second time)" } });
});

test("being preempted before does not count against a cell that is lost", () => {
  expect(settleEnd(ended("lost"), [ended("preempted"), ended("preempted")]).again).toBe(true);
});

test("preemption is no failure, but has an end", () => {
  const before = (count: number): CellEnd[] => Array.from({ length: count }, () => ended("preempted"));
  expect(settleEnd(ended("preempted"), before(19)).again).toBe(true);
  expect(settleEnd(ended("preempted"), before(20))).toMatchObject({
    again: false,
    end: { outcome: "interrupted" },
  });
});

test.each(["limit", "cancelled", "unsubmitted"] as const)(
  "a cell that is %s is not run again by itself",
  (slurmEnd) => {
    expect(settleEnd(ended(slurmEnd), []).again).toBe(false);
  },
);

test("an end of the cell's own is left alone", () => {
  const own = endWithout(JOB, "crash", "it broke", {});
  expect(settleEnd(own, [])).toEqual({ end: own, again: false });
});
