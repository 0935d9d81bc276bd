import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Asking, ScriptOptions } from "../../../../src/runner/executor/slurm/submission.js";
import { batchesOf, requestOf, submitScript } from "../../../../src/runner/executor/slurm/submission.js";

const MIB = 2 ** 20;

function command(options: Partial<Asking> = {}): Asking {
  const spec = { argv: ["true"], cwd: "/", env: {}, required: [] };
  return { work: { kind: "command", command: spec }, timeoutMs: 60_000, ...options };
}

function program(device: string): Asking {
  const context = {
    ...{ factors: {}, seed: 1, quick: false, device, instructionSet: "none" },
    ...{ deviceCapBytes: MIB, searchCapBytes: MIB },
  };
  const reference = { url: "file:///p.mjs", path: [], name: "p" };
  return command({ work: { kind: "program", program: { program: reference, context } } });
}

function script(options: Partial<ScriptOptions> = {}): string {
  return submitScript({
    name: "bytesper-20260131T120000Z-1a2b3c-1",
    request: { memoryMiB: 768, minutes: 65, gpus: 1 },
    count: 3,
    arrays: true,
    settings: { partition: "gpu", account: "lab", options: ["--qos=long"] },
    command: ["/usr/bin/node", "/opt/bytesper/task.js", "/home/o'neil/my runs/1"],
    ...options,
  });
}

const lines = (text: string): string[] =>
  text.split("\n").flatMap((line) => /^#SBATCH (.*)/.exec(line)?.[1] ?? []);

test("the script of an array is as it is kept", () => {
  expect(script()).toBe(readFileSync(new URL("golden/submit.sh", import.meta.url), "utf8"));
});

test("memory lies above the cap by a tenth, and by 256 MiB at least", () => {
  expect(requestOf(command({ capBytes: 1024 * MIB })).memoryMiB).toBe(1024 + 256);
  expect(requestOf(command({ capBytes: 10_240 * MIB })).memoryMiB).toBe(10_240 + 1_024);
  expect(requestOf(command({ capBytes: 1024 * MIB + 1 })).memoryMiB).toBe(1024 + 256 + 1);
});

test("memory is the site's business where the cell has no cap", () => {
  expect(requestOf(command())).not.toHaveProperty("memoryMiB");
  expect(script({ request: { minutes: 6, gpus: 0 } })).not.toMatch(/--mem/);
});

test("time lies five minutes above the cell's own limit, in whole minutes", () => {
  expect(requestOf(command({ timeoutMs: 60_000 })).minutes).toBe(6);
  expect(requestOf(command({ timeoutMs: 60_001 })).minutes).toBe(7);
});

test.each([
  [6, "0-00:06:00"],
  [65, "0-01:05:00"],
  [2 * 1440 + 3 * 60 + 4, "2-03:04:00"],
])("%i minutes are %s for Slurm", (minutes, text) => {
  expect(lines(script({ request: { minutes, gpus: 0 } }))).toContain(`--time=${text}`);
});

test("a GPU is asked for by commands with a cap on device memory and by programs on cuda", () => {
  expect(requestOf(command({ deviceCapBytes: MIB })).gpus).toBe(1);
  expect(requestOf(program("cuda:1")).gpus).toBe(1);
  expect(requestOf(program("cpu")).gpus).toBe(0);
  expect(requestOf(command()).gpus).toBe(0);
  expect(script({ request: { minutes: 6, gpus: 0 } })).not.toMatch(/gres/);
});

test.each([
  ["--mem-per-cpu=4G", "--mem="],
  ["--time=10", "--time=0-"],
  ["-t 10", "--time"],
  ["--gpus=a100:1", "--gres"],
  ["--requeue", "--no-requeue"],
  ["-p debug", "--partition"],
  ["--signal=B:USR1@60", "USR2"],
])("the user's %s takes the place of our %s", (option, ours) => {
  const options = lines(script({ settings: { partition: "gpu", options: [option] } }));
  expect(options).toContain(option);
  expect(options.join("\n")).not.toContain(ours);
});

test("a site without arrays gets a script without one", () => {
  const options = lines(script({ arrays: false, count: 1 }));
  expect(options.join("\n")).not.toMatch(/array/);
  expect(options).toContain("--output=0.log");
});

test("jobs are shared out by what they ask for, in their order, up to the limit", () => {
  const jobs = [1, 2, 1, 1, 2, 1].map((size, own) => ({ ...command({ capBytes: size * 1024 * MIB }), own }));
  const batches = batchesOf(jobs, 3);
  expect(batches.map((batch) => batch.jobs.map(({ own }) => own))).toEqual([[0, 2, 3], [5], [1, 4]]);
  expect(batches.map(({ request }) => request.memoryMiB)).toEqual([1280, 1280, 2304]);
});

test("every job is in exactly one batch, for any limit", () => {
  const jobs = Array.from({ length: 25 }, (_, own) => ({
    ...command({ timeoutMs: ((own % 3) + 1) * 60_000 }),
    own,
  }));
  for (const limit of [0, 1, 2, 7, 9, 25, 1001]) {
    const batches = batchesOf(jobs, limit);
    const all = batches.flatMap((batch) => batch.jobs.map(({ own }) => own));
    expect(all.sort((a, b) => a - b)).toEqual(jobs.map(({ own }) => own));
    expect(Math.max(...batches.map((batch) => batch.jobs.length))).toBeLessThanOrEqual(Math.max(1, limit));
  }
});
