import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CellEnd } from "../../../../src/record/cell-end.js";
import {
  batchNumbers,
  readClaim,
  readEnd,
  readManifest,
  takeClaim,
  writeEnd,
} from "../../../../src/runner/executor/slurm/batch-folder.js";
import { endWithout } from "../../../../src/runner/executor/slurm/lost.js";
import { lengthOf, StreamFile } from "../../../../src/runner/executor/slurm/stream-file.js";
import { hasStreamed, SubmittedBatch } from "../../../../src/runner/executor/slurm/submitted-batch.js";

const CLAIM = { host: "n7", pid: 1, job: "12_0", restart: 0 };
const JOB = { id: "cell-0-1", work: { kind: "calibrate" }, compilers: "off", timeoutMs: 1 } as const;

let folder: string;
let end: CellEnd;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bytesper-batch-"));
  end = endWithout(JOB, "crash", "it broke", {});
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function oneTask(turnsFile?: string): SubmittedBatch {
  const jobs = [{ ...JOB, ...(turnsFile === undefined ? {} : { turnsFile }) }];
  return new SubmittedBatch({ folder, name: "b", what: "1 cell", jobs, arrays: true });
}

test("a task can be claimed once", () => {
  expect(takeClaim(folder, 0, CLAIM)).toBe(true);
  expect(takeClaim(folder, 0, { ...CLAIM, restart: 1 })).toBe(false);
  expect(takeClaim(folder, 1, CLAIM)).toBe(true);
  expect(readClaim(folder, 0)).toEqual(CLAIM);
});

test("an end is read by the attempt that it belongs to, and by no other", () => {
  writeEnd(folder, 0, { id: "cell-0-1", host: "n7", streamedBytes: 0, end });
  expect(readEnd(folder, 0, "cell-0-1")?.end).toEqual(end);
  expect(readEnd(folder, 0, "cell-0-2")).toBeUndefined();
  expect(readEnd(folder, 1, "cell-0-1")).toBeUndefined();
});

test.each(["", "{", '{"id": "cell-0-1", "end'])("half an end (%j) is none", (text) => {
  writeFileSync(join(folder, "0.end.json"), text);
  expect(readEnd(folder, 0, "cell-0-1")).toBeUndefined();
  expect(oneTask().arrived()).toEqual([]);
});

test("half a manifest is none, and batches are counted by their numbers", () => {
  writeFileSync(join(folder, "manifest.json"), '{"schema": "by');
  expect(readManifest(folder)).toBeUndefined();
  for (const name of ["10", "2", "nodes", "1"]) writeFileSync(join(folder, name), "");
  expect(batchNumbers(folder)).toEqual([1, 2, 10]);
  expect(batchNumbers(join(folder, "none"))).toEqual([]);
});

test("an end counts only when all that its cell streamed is there", () => {
  const turnsFile = join(folder, "turns.jsonl");
  const [task] = [...oneTask(turnsFile).open.values()];
  const told = { id: JOB.id, host: "n7", streamedBytes: 8, end };
  if (task === undefined) throw new Error("a batch of one has a task");
  expect(hasStreamed(task, told)).toBe(false);
  writeFileSync(turnsFile, '{"a":1}');
  expect(hasStreamed(task, told)).toBe(false);
  writeFileSync(turnsFile, '{"a":1}\n');
  expect(hasStreamed(task, told)).toBe(true);
  expect(hasStreamed(task, { ...told, streamedBytes: 0 })).toBe(true);
});

test("tasks have Slurm's names once Slurm has taken them", () => {
  const batch = oneTask();
  const [task] = [...batch.open.values()];
  if (task === undefined) throw new Error("a batch of one has a task");
  expect(batch.taskId(task)).toBeUndefined();
  batch.id = "12";
  expect(batch.taskId(task)).toBe("12_0");
});

test("streamed records are appended in their order, and the length is told", () => {
  const path = join(folder, "turns.jsonl");
  writeFileSync(path, "{}\n");
  const file = new StreamFile(path);
  file.add({ step: 1 });
  file.add({ step: 2 });
  expect(file.end()).toBe(3 + 2 * '{"step":1}\n'.length);
  expect(file.lost).toBe(0);
});

test("records that cannot be written are counted and end nothing", () => {
  const nowhere = new StreamFile(join(folder, "none", "turns.jsonl"));
  nowhere.add({ step: 1 });
  expect(nowhere.end()).toBe(0);
  expect(nowhere.lost).toBe(1);
  const none = new StreamFile(undefined);
  none.add({ step: 1 });
  expect([none.end(), none.lost]).toEqual([0, 1]);
  expect(lengthOf(undefined)).toBe(0);
});
