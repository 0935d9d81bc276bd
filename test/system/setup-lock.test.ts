import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const LOCK_MODULE = new URL("../../scripts/setup/lock.mjs", import.meta.url).href;

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bytesper-lock-"));
  lock = join(folder, "lock");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program that holds the lock while it prints "in" and, a moment later, "out". */
function holder(longestWaitMs: number, holdMs = 0): string[] {
  const source = `
    import { setTimeout as sleep } from "node:timers/promises";
    import { withLock } from ${JSON.stringify(LOCK_MODULE)};
    try {
      await withLock(${JSON.stringify(lock)}, async () => {
        console.log("in");
        await sleep(${String(holdMs)});
        console.log("out");
      }, { longestWaitMs: ${String(longestWaitMs)} });
    } catch (error) { console.log(error.message); process.exitCode = error.exitCode; }`;
  return ["--input-type=module", "-e", source];
}

function hold(longestWaitMs: number): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, holder(longestWaitMs), { encoding: "utf8" });
}

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

it("four at once go in one after the other", async () => {
  const lines: string[] = [];
  const ends = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, holder(30_000, 50));
    child.stdout.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trim().split("\n")));
    return new Promise((resolve) => child.once("close", resolve));
  });
  expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
  expect(lines).toEqual(["in", "out", "in", "out", "in", "out", "in", "out"]);
});

it("the lock of a dead owner is taken over by one of four", async () => {
  writeFileSync(lock, JSON.stringify({ pid: deadPid(), started: "1", host: hostname() }));
  const lines: string[] = [];
  const ends = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, holder(30_000, 50));
    child.stdout.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trim().split("\n")));
    return new Promise((resolve) => child.once("close", resolve));
  });
  expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
  expect(lines).toEqual(["in", "out", "in", "out", "in", "out", "in", "out"]);
  expect(existsSync(lock)).toBe(false);
});

it("a later process with the owner's id is not the owner", (ctx) => {
  if (process.platform !== "linux") ctx.skip("only Linux says when a process started");
  writeFileSync(lock, JSON.stringify({ pid: process.pid, started: "1", host: hostname() }));
  expect(hold(0).stdout).toBe("in\nout\n");
});

it("a half-written lock counts as living for a moment and as abandoned later", () => {
  writeFileSync(lock, "");
  expect(hold(0).status).toBe(3);
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  expect(hold(0).stdout).toBe("in\nout\n");
});

it("a living owner is waited for only so long: one sentence and exit 3", () => {
  writeFileSync(lock, JSON.stringify({ pid: process.pid, started: null, host: hostname() }));
  const { status, stdout } = hold(300);
  expect(status).toBe(3);
  expect(stdout).toBe(
    `Process ${String(process.pid)} on ${hostname()} has been setting up this folder for too long; end it, or delete ${lock} if it is gone.\n`,
  );
});

it("an owner on another machine is never called dead", () => {
  writeFileSync(lock, JSON.stringify({ pid: deadPid(), started: null, host: "elsewhere" }));
  expect(hold(300).status).toBe(3);
  expect(existsSync(lock)).toBe(true);
});
