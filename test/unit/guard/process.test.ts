import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ProcessTree } from "../../../src/system/process-tree.js";
import { runnerIsDead } from "../../../src/runner/limits/runner-name.js";
import { isAlive } from "../../../src/system/owner.js";
import {
  allPids,
  descendsFrom,
  hasLostMemory,
  processEntry,
  pssOf,
  startTicksOf,
} from "../../../src/system/process.js";
import { fixture } from "../runner/limits/fixture.js";

/** The reader of the set-up, which runs before the other one is compiled. */
const { startOf } = (await import(
  new URL("../../../scripts/setup/process-start.mjs", import.meta.url).href
)) as { startOf: (pid: number, root: string) => string | null };

/** A process without memory that is no zombie: what one that ends looks like for a moment, and the kernel's own always. */
function withoutMemory(): number | undefined {
  return allPids().find((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/statm`, "utf8").startsWith("0 ") && processEntry(pid)?.zombie === false
      );
    } catch {
      return false;
    }
  });
}

test("a process without memory is told from one that the kernel hides", (context) => {
  const pid = withoutMemory();
  if (pid === undefined) return context.skip("needs a kernel thread that is seen from here");
  expect(pssOf(pid)).toBeUndefined();
  expect(hasLostMemory(pid)).toBe(true);
});

test("a process that runs has its memory, and one that is gone has none", () => {
  expect(hasLostMemory(process.pid)).toBe(false);
  expect(hasLostMemory(2 ** 22 + 1)).toBe(true);
});

interface Stat {
  parent?: number;
  state?: string;
  threads?: number;
  startTicks?: number;
}

/** A process whose name looks like the fields after it. */
function stat(pid: number, { parent = 1, state = "S", threads = 1, startTicks = 500 }: Stat): string {
  return `${pid} (a) Z 7 b) ${state} ${parent} 60 60 0 -1 ${"0 ".repeat(11)}${threads} 0 ${startTicks} 0 0`;
}

/** A root folder whose /proc has these processes. */
function rootWith(processes: Record<number, Stat>): string {
  const files: Record<string, string> = { "proc/sys/kernel/random/boot_id": "boot\n" };
  for (const [pid, fields] of Object.entries(processes))
    files[`proc/${pid}/stat`] = stat(Number(pid), fields);
  const root = fixture(files);
  mkdirSync(join(root, "proc/self/ns"), { recursive: true });
  symlinkSync("pid:[9]", join(root, "proc/self/ns/pid"));
  return root;
}

describe.runIf(process.platform === "linux")("a process that has the state of a zombie", () => {
  /** What each reader answers about process 70, which process 60 has started. */
  function answers(state: string, threads: number): Record<string, boolean> {
    const root = rootWith({ 60: {}, 70: { parent: 60, state, threads, startTicks: 600 } });
    const owner = { pid: 70, startTicks: 600, bootId: "boot", host: hostname() };
    const living = new ProcessTree(60, "MARK=1", root).refresh().map(({ pid }) => pid);
    return {
      entry: processEntry(70, root)?.zombie === false,
      startTicks: startTicksOf(70, root) === 600,
      setUp: startOf(70, root) === "600",
      owner: isAlive(owner, root),
      runner: !runnerIsDead("bytesper-70-600-9", root),
      tree: living.includes(70),
    };
  }
  const everywhere = (alive: boolean): Record<string, boolean> =>
    Object.fromEntries(
      ["entry", "startTicks", "setUp", "owner", "runner", "tree"].map((name) => [name, alive]),
    );

  test.each(["Z", "X"])("is alive everywhere while other threads of it live (%s)", (state) => {
    expect(answers(state, 3)).toEqual(everywhere(true));
  });

  test.each(["Z", "X"])("is dead everywhere with its last thread (%s)", (state) => {
    expect(answers(state, 1)).toEqual(everywhere(false));
    expect(answers(state, 0)).toEqual(everywhere(false));
  });

  test("still connects its children with its parent", () => {
    const root = rootWith({ 60: {}, 70: { parent: 60, state: "Z" }, 80: { parent: 70 }, 90: {} });
    const members = new ProcessTree(60, "MARK=1", root).refresh().map(({ pid }) => pid);
    expect(members).toEqual([60, 80]);
    expect([80, 90].map((pid) => descendsFrom(pid, 60, root))).toEqual([true, false]);
  });
});

test("the fields of a process are found behind a name with parentheses", () => {
  expect(processEntry(70, rootWith({ 70: { parent: 60 } }))).toEqual({
    pid: 70,
    parent: 60,
    processGroup: 60,
    foregroundGroup: -1,
    startTicks: 500,
    zombie: false,
  });
});

test("a loop of parents ends", () => {
  const root = rootWith({ 70: { parent: 80 }, 80: { parent: 70 } });
  expect(descendsFrom(70, 60, root)).toBe(false);
});

test("a tree lists parents before children, and what the mark in the environment tells of it", () => {
  const root = rootWith({
    30: { parent: 60, startTicks: 700 },
    40: { startTicks: 800 },
    50: { startTicks: 800 },
    60: { startTicks: 500 },
    70: { parent: 40, startTicks: 900 },
  });
  writeFileSync(join(root, "proc/40/environ"), "A=1\0MARK=1\0");
  writeFileSync(join(root, "proc/50/environ"), "A=1\0MARK=2\0");
  const members = new ProcessTree(60, "MARK=1", root).refresh().map(({ pid }) => pid);
  expect(members).toEqual([60, 30, 40, 70]);
});
