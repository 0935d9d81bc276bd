import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isAbsent } from "../../src/system/probe/reading.js";
import { ownGroup } from "../../src/system/hierarchy.js";
import type { Enforcement } from "../../src/runner/limits/index.js";
import type { EnforcementKind } from "../../src/record/cell.js";
import { certify, chooseEnforcement, ladder, removeStaleGroups } from "../../src/runner/limits/index.js";
import { pidNamespace, startTicksOf } from "../../src/system/process.js";
import { steady } from "./vm/children.js";
import {
  CAP_BYTES,
  MIB,
  grandchild,
  hogAndNeighbour,
  mostSaid,
  runCell,
  spikeAndFree,
  tree,
} from "./vm/scenarios.js";

const RUNGS = await ladder();

/** Why a rung cannot be tested here. */
function missing(kind: EnforcementKind): string | undefined {
  const available = RUNGS.find((rung) => rung.kind === kind)?.available;
  return available === true ? undefined : (available?.absent ?? "no such rung");
}

/** Skips a test whose rung is not here. */
function needs(skip: (condition: boolean, note?: string) => void, kind: EnforcementKind): void {
  const reason = missing(kind);
  skip(reason !== undefined, reason);
}

async function enforcementOf(wanted: EnforcementKind): Promise<Enforcement> {
  return (await chooseEnforcement({ wanted })).enforcement;
}

function peakOf({ evidence }: { evidence: { peak: { bytes: number } | { absent: string } } }): number {
  if (isAbsent(evidence.peak)) throw new Error(evidence.peak.absent);
  return evidence.peak.bytes;
}

const BY_KERNEL: EnforcementKind[] = ["cgroup-v2", "systemd-scope", "cgroup-v1"];
const SOFT: EnforcementKind[] = ["rlimit-data", "watchdog"];

describe.each(BY_KERNEL)("%s", (kind) => {
  test("a hog never holds more than 5 % above its cap, and its neighbour ends well", async ({ skip }) => {
    needs(skip, kind);
    const { hog, neighbour } = await hogAndNeighbour(await enforcementOf(kind));
    expect(hog.said).not.toContain("all");
    expect(hog.end).toMatchObject({ event: "end", signal: 9 });
    expect(hog.evidence.oomKills).toBeGreaterThan(0);
    expect(peakOf(hog)).toBeGreaterThan(0.95 * CAP_BYTES);
    expect(peakOf(hog)).toBeLessThanOrEqual(1.05 * CAP_BYTES);
    expect(neighbour.said).toEqual(["begun", "done"]);
    expect(neighbour.end).toMatchObject({ event: "end", code: 0, killed: null });
    expect(neighbour.evidence.oomKills).toBe(0);
  });

  test("the peak of a spike that is over is within 2 % of the child's own high-water mark", async ({
    skip,
  }) => {
    needs(skip, kind);
    const { cell, vmHwmBytes, vmRssBytes, fileBytes } = await spikeAndFree(await enforcementOf(kind));
    expect(vmHwmBytes - vmRssBytes).toBeGreaterThan(500 * MIB);
    // Pages of node's own file are charged to whoever read them first, which is not this group.
    const charged = vmHwmBytes - fileBytes;
    expect(Math.abs(peakOf(cell) - charged)).toBeLessThan(0.02 * charged);
    expect(cell.evidence.oomKills).toBe(0);
  });

  test("two children that are too large together run into the cap of the tree", async ({ skip }) => {
    needs(skip, kind);
    const cell = await tree(await enforcementOf(kind));
    expect(cell.evidence.oomKills).toBeGreaterThan(0);
    expect(peakOf(cell)).toBeLessThanOrEqual(1.05 * CAP_BYTES);
    expect(cell.said.filter((line) => line.startsWith("held")).length).toBeLessThan(2);
  });

  test("a kill in the tree is counted even where the main process may live on", async ({ skip }) => {
    needs(skip, kind);
    const cell = await grandchild(await enforcementOf(kind));
    expect(cell.said).not.toContain("all");
    expect(cell.evidence.oomKills).toBeGreaterThan(0);
  });

  test("groups are gone when their cells are closed", async ({ skip }) => {
    needs(skip, kind);
    const limit = await (await enforcementOf(kind)).open({ id: "left-behind", capBytes: CAP_BYTES });
    const group = join(
      limit.supervisorArguments[limit.supervisorArguments.indexOf("--join") + 1] ?? "",
      "..",
    );
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const ended = once(child, "exit");
    writeFileSync(join(group, "cgroup.procs"), String(child.pid));
    await limit.close();
    expect(existsSync(group)).toBe(false);
    expect(await ended).toEqual([null, "SIGKILL"]);
    await expect(limit.close()).resolves.toHaveProperty("counters");
  });

  test("a cell that never ran has no peak, rather than one of 0", async ({ skip }) => {
    needs(skip, kind);
    const limit = await (await enforcementOf(kind)).open({ id: "never-ran", capBytes: CAP_BYTES });
    expect((await limit.close()).peak).toEqual({ absent: "no process was ever in the cell's group" });
  });
});

describe.each(SOFT)("%s", (kind) => {
  test("a hog does not get what it asks for, and its neighbour ends well", async ({ skip }) => {
    needs(skip, kind);
    const { hog, neighbour } = await hogAndNeighbour(await enforcementOf(kind));
    expect(hog.said).not.toContain("all");
    expect(mostSaid(hog.said)).toBeLessThan(4 * CAP_BYTES);
    expect(neighbour.said).toEqual(["begun", "done"]);
    expect(neighbour.end).toMatchObject({ code: 0, killed: null });
  });

  test("two children that are too large together are killed by the watchdog", async ({ skip }) => {
    needs(skip, kind);
    const cell = await tree(await enforcementOf(kind));
    expect(cell.end).toMatchObject({ event: "end", killed: "memory" });
    expect(cell.evidence.oomKills).toHaveProperty("absent");
  });
});

test("RLIMIT_DATA without the watchdog does not notice two children that are too large together", async ({
  skip,
}) => {
  needs(skip, "rlimit-data");
  const enforcement = await enforcementOf("rlimit-data");
  const cell = await tree({
    ...enforcement,
    open: async (options) => {
      const limit = await enforcement.open(options);
      const at = limit.supervisorArguments.indexOf("--memory-limit");
      return { ...limit, supervisorArguments: limit.supervisorArguments.toSpliced(at, 2) };
    },
  });
  expect(cell.end).toMatchObject({ event: "end", killed: null, code: 0 });
  expect(cell.said.filter((line) => line.startsWith("held"))).toHaveLength(2);
});

test("the supervisor's peak of a spike that is over is within 1 % of the child's own high-water mark", async ({
  skip,
}) => {
  needs(skip, "watchdog");
  const { cell, vmHwmBytes } = await spikeAndFree(await enforcementOf("none"));
  const peak = cell.end.largestProcessPeakBytes ?? 0;
  expect(Math.abs(peak - vmHwmBytes)).toBeLessThan(0.01 * vmHwmBytes);
});

const CAPPED = RUNGS.filter(({ kind, available }) => available === true && kind !== "none");

test.each(CAPPED)("the certificate of $kind says that a small cap fires", async ({ kind }) => {
  const certificate = await certify(await enforcementOf(kind));
  expect(certificate).toMatchObject({ kind, fired: true, capBytes: 128 * MIB });
  expect(certificate.heldBytes).toBeGreaterThan(64 * MIB);
});

test("the certificate of an enforcement that does nothing says that it did not fire", async ({ skip }) => {
  needs(skip, "watchdog");
  const nothing = await enforcementOf("none");
  for (const exact of [true, false]) {
    const certificate = await certify({ ...nothing, kind: "cgroup-v2", exact });
    expect(certificate.fired).toBe(false);
    expect(certificate.heldBytes).toBeGreaterThan(256 * MIB);
    expect(certificate.message).toMatch(/did not fire/);
  }
});

test.each(RUNGS.filter(({ available }) => available === true))(
  "$kind runs a cell without a cap",
  async ({ kind }) => {
    const cell = await runCell(await enforcementOf(kind), undefined, steady(64 * MIB, 1));
    expect(cell.end).toMatchObject({ event: "end", code: 0, killed: null });
    expect(cell.said).toEqual(["begun", "done"]);
  },
);

test.each(RUNGS.filter(({ available }) => available !== true))(
  "asking for $kind, which is not there, says why and what is",
  async ({ kind, available }) => {
    const reason = available === true ? "" : available.absent;
    await expect(chooseEnforcement({ wanted: kind })).rejects.toMatchObject({ code: "USAGE" });
    await expect(chooseEnforcement({ wanted: kind })).rejects.toThrow(
      `not available here: ${reason}; choose`,
    );
  },
);

const OWN = [1 as const, 2 as const].flatMap((version) => {
  const own = ownGroup(version);
  return isAbsent(own) ? [] : [own.folder];
});
/** Those in which this user may make groups. */
const PLACES = OWN.filter((folder) => {
  const { status } = spawnSync("sh", ["-c", 'mkdir "$0/try" && rmdir "$0/try"', folder]);
  return status === 0;
});

test.each(PLACES)("what a dead runner left in %s is killed and removed", async (place) => {
  // A pid that was given out and is free again.
  const { pid: dead } = spawnSync("true");
  const folder = join(place, `bytesper-${dead}-1-${pidNamespace() ?? ""}`);
  const ticks = startTicksOf(process.pid) ?? 0;
  const living = join(place, `bytesper-${process.pid}-${ticks}-${pidNamespace() ?? ""}`);
  const foreign = join(place, `bytesper-${dead}-1-1`);
  mkdirSync(join(folder, "cell", "nested"), { recursive: true });
  mkdirSync(living, { recursive: true });
  mkdirSync(foreign);
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const ended = once(child, "exit");
  try {
    writeFileSync(join(folder, "cell", "nested", "cgroup.procs"), String(child.pid));
    expect(await removeStaleGroups()).toContain(folder);
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(existsSync(folder)).toBe(false);
    expect([existsSync(living), existsSync(foreign)]).toEqual([true, true]);
  } finally {
    child.kill("SIGKILL");
    spawnSync("rmdir", [living, foreign]);
  }
});
