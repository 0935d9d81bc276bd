import { describe, expect, test } from "vitest";
import type { MachineRun } from "./vm/machine.js";
import { missingMachine, runMachine } from "./vm/machine.js";

// A virtual machine in software has what few development machines have: cgroup v2 as the only hierarchy, and systemd.
// Each takes about a minute with four cores.

const MIB = 2 ** 20;
const CAP_BYTES = 512 * MIB;
const TIMEOUT_MS = 600_000;
const MISSING = missingMachine();

interface CellFigures {
  said: string[];
  end: { killed: string | null; code?: number; signal?: number };
  peak: { bytes: number; source: string };
  oomKills: number;
}

interface SpikeFigures extends CellFigures {
  vmHwmBytes: number;
  vmRssBytes: number;
  fileBytes: number;
}

const runs = new Map<string, Promise<MachineRun>>();

function machine(init: "plain" | "systemd"): Promise<MachineRun> {
  const run = runs.get(init) ?? runMachine(init, TIMEOUT_MS - 10_000);
  runs.set(init, run);
  return run;
}

/** One figure of a step; the log says what went wrong where it is not there. */
async function figure(init: "plain" | "systemd", name: string, wanted: string): Promise<unknown> {
  const { lines, log } = await machine(init);
  const found = lines.find((line) => line.name === name && line.figure === wanted);
  expect(found, log.slice(-4000)).toBeDefined();
  return found;
}

function expectMetCap({ peak, oomKills, end, said }: CellFigures, capBytes: number): void {
  expect(peak.source).toBe("memory.peak");
  expect(peak.bytes).toBeGreaterThan(0.95 * capBytes);
  expect(peak.bytes).toBeLessThanOrEqual(1.05 * capBytes);
  expect(oomKills).toBeGreaterThan(0);
  // With memory.oom.group the main process goes too, even where a child of it was too large.
  expect(end).toMatchObject({ killed: null, signal: 9 });
  expect(said).not.toContain("all");
}

function inMachine(text: string, body: () => Promise<void>): void {
  test(text, { timeout: TIMEOUT_MS }, async ({ skip }) => {
    skip(MISSING !== undefined, MISSING);
    await body();
  });
}

describe.each([
  ["plain", "root", "cgroup-v2", "cgroup v2 memory controller, no swap"],
  ["systemd", "session", "systemd-scope", "cgroup v2 memory controller in a systemd scope, no swap"],
] as const)("the machine %s, %s", (init, name, kind, description) => {
  inMachine("holds the cap by the kernel", async () => {
    expect(await figure(init, name, "enforcement")).toMatchObject({ kind, description, exact: true });
    expect(await figure(init, name, "certificate")).toMatchObject({
      certificate: { kind, fired: true, source: "memory.peak" },
    });
  });

  inMachine("ends a hog at its cap, and its neighbour ends well", async () => {
    expectMetCap((await figure(init, name, "hog")) as CellFigures, CAP_BYTES);
    const neighbour = (await figure(init, name, "neighbour")) as CellFigures;
    expect(neighbour).toMatchObject({ said: ["begun", "done"], end: { killed: null, code: 0 }, oomKills: 0 });
  });

  inMachine("reads the peak of a spike that is over within 2 % of the child's high-water mark", async () => {
    const { vmHwmBytes, vmRssBytes, fileBytes, peak } = (await figure(init, name, "spike")) as SpikeFigures;
    expect(vmHwmBytes - vmRssBytes).toBeGreaterThan(500 * MIB);
    const charged = vmHwmBytes - fileBytes;
    expect(Math.abs(peak.bytes - charged)).toBeLessThan(0.02 * charged);
  });

  inMachine("ends a whole tree whose processes are too large together or in a child", async () => {
    expectMetCap((await figure(init, name, "tree")) as CellFigures, CAP_BYTES);
    expectMetCap((await figure(init, name, "grandchild")) as CellFigures, CAP_BYTES);
  });
});

/** Places in which bytesper may be started, and the group that it is in after it chose. */
const PLACES = [
  [
    "plain",
    "alone",
    /\/alone\/bytesper-[^/]+\/_runner$/,
    "a runner that is alone in its group moves below it",
  ],
  ["plain", "beside", /\/slice\/session$/, "cells lie beside a session that has other processes"],
  ["plain", "unprivileged", /\/home\/user\/bytesper-[^/]+\/_runner$/, "a group that was handed over is used"],
  [
    "systemd",
    "service",
    /\/systemd-limits\.service$/,
    "cells keep out of a unit that systemd stops after a kill",
  ],
] as const;

for (const [init, name, group, text] of PLACES) {
  inMachine(text, async () => {
    const works = (await figure(init, name, "works")) as CellFigures & { kind: string; own: object };
    expect(works).toMatchObject({
      kind: "cgroup-v2",
      own: { folder: expect.stringMatching(group) as string },
    });
    expectMetCap(works, 256 * MIB);
  });
}

interface LadderFigures {
  rungs: { kind: string; available: true | { absent: string } }[];
  host: { source: string; availableBytes: number };
}

async function v2RungOf(init: "plain" | "systemd", name: string): Promise<unknown> {
  const { rungs } = (await figure(init, name, "ladder")) as LadderFigures;
  return rungs.find(({ kind }) => kind === "cgroup-v2")?.available;
}

inMachine("cells do not escape the limit of a session that has other processes", async () => {
  expect(await v2RungOf("plain", "limited")).toMatchObject({
    absent: expect.stringMatching(/session has other processes \(1\)/) as string,
  });
  const { host } = (await figure("plain", "limited", "ladder")) as LadderFigures;
  expect(host.source).toMatch(/\/slice\/session\/memory\.max$/);
  expect(host.availableBytes).toBeLessThanOrEqual(1024 * MIB);
});

inMachine("without rights the reason names the remedy of the system at hand", async () => {
  expect(await v2RungOf("plain", "stranger")).toMatchObject({
    absent: expect.stringMatching(
      /stranger may not be written \(permission denied\); start the command alone in a group/,
    ) as string,
  });
  expect(await v2RungOf("systemd", "session")).toMatchObject({
    absent: expect.stringMatching(
      /session-\d+\.scope may not be written \(permission denied\); .*Delegate=yes/,
    ) as string,
  });
});

inMachine("what a killed runner left is killed and removed by the next", async () => {
  expect(await figure("plain", "root", "stale")).toMatchObject({
    removed: [expect.stringMatching(/\/bytesper-\d+-\d+-\d+$/)],
  });
  expect(await figure("plain", "root", "left")).toMatchObject({ status: 137, groupIsThere: false });
});
