import { expect, test } from "vitest";
import type { CellEnd } from "../../../../src/record/cell-end.js";
import type { CellJob } from "../../../../src/runner/cell/execute.js";
import { ADMISSION_DEFAULTS } from "../../../../src/runner/schedule/admission.js";
import { Scheduler } from "../../../../src/runner/schedule/scheduler.js";
import type { ReadyCell } from "../../../../src/runner/schedule/work-source.js";
import type { Executor } from "../../../../src/runner/executor/executor.js";
import { endWithout, settleEnd } from "../../../../src/runner/executor/slurm/lost.js";

const OK: CellEnd = { ...endWithout(jobOf("ok"), "crash", "", {}), outcome: "ok" };

function jobOf(id: string): CellJob {
  return { id, work: { kind: "calibrate" }, compilers: "off", timeoutMs: 1 };
}

function cell(key: string, options: Partial<ReadyCell> = {}): ReadyCell {
  return { key, label: key, exclusive: false, usesDevice: false, needBytes: undefined, ...options };
}

/**
 * Schedules cells on an executor that is elsewhere. Returns what was submitted together, and the ends by cell.
 *
 * @param endOf the end of an attempt, by the number of attempts at the cell before
 */
async function scheduled(
  cells: readonly ReadyCell[],
  slots: number,
  endOf: (key: string, before: number) => CellEnd = () => OK,
): Promise<{ submitted: string[][]; ends: [string, string][]; told: string[] }> {
  const submitted: string[][] = [];
  const ends: [string, string][] = [];
  const told: string[] = [];
  const attempts = new Map<string, number>();
  const queue = [...cells];
  const executor: Executor = {
    ...{ name: "slurm", slots, here: false, settle: settleEnd },
    submit: (jobs) => {
      submitted.push(jobs.map(({ id }) => id));
      return Promise.resolve(
        jobs.map(({ id }) => {
          const before = attempts.get(id) ?? 0;
          attempts.set(id, before + 1);
          return { end: Promise.resolve(endOf(id, before)), stop: () => undefined };
        }),
      );
    },
    close: () => Promise.resolve(),
  };
  const scheduler = new Scheduler(
    { take: () => queue.shift(), requeue: (again) => queue.push(again), ended: ({ key }) => told.push(key) },
    {
      ...{ executor, slots: () => slots, deviceSlots: 1, admission: ADMISSION_DEFAULTS },
      readHost: () => Promise.reject(new Error("nobody asks for this machine")),
      stop: () => false,
      start: ({ key }) => ({ job: jobOf(key), events: {} }),
      end: ({ key }, end) => ends.push([key, end.outcome]),
      pressure: () => undefined,
    },
  );
  await scheduler.run();
  return { submitted, ends, told };
}

test("an executor elsewhere is handed all that is ready, up to its slots", async () => {
  const { submitted } = await scheduled(
    ["a", "b", "c", "d", "e"].map((key) => cell(key)),
    3,
  );
  expect(submitted[0]).toEqual(["a", "b", "c"]);
  expect(submitted.flat()).toEqual(["a", "b", "c", "d", "e"]);
});

test("there every cell has its own machine: none waits to be alone, or for a device", async () => {
  const cells = [
    cell("a", { exclusive: true }),
    cell("b", { usesDevice: true }),
    cell("c", { usesDevice: true }),
  ];
  expect((await scheduled(cells, 8)).submitted).toEqual([["a", "b", "c"]]);
});

test("an attempt that was lost is made again, and only the last end counts for the search", async () => {
  const lost = endWithout(jobOf("a"), "interrupted", "gone", { slurmEnd: "lost" });
  const { submitted, ends, told } = await scheduled([cell("a"), cell("b")], 8, (key, before) =>
    key === "a" && before === 0 ? lost : OK,
  );
  expect(submitted).toEqual([["a", "b"], ["a"]]);
  expect(ends).toEqual([
    ["a", "interrupted"],
    ["b", "ok"],
    ["a", "ok"],
  ]);
  expect(told).toEqual(["b", "a"]);
});

test("an attempt that is lost again is recorded as a crash and not made a third time", async () => {
  const lost = endWithout(jobOf("a"), "interrupted", "gone", { slurmEnd: "lost" });
  const { submitted, ends } = await scheduled([cell("a")], 8, () => lost);
  expect(submitted).toHaveLength(2);
  expect(ends.at(-1)).toEqual(["a", "crash"]);
});
