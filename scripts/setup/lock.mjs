import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startOf } from "./process-start.mjs";
import { Stop } from "./stop.mjs";

const POLL_MS = 100;
/** A lock without a readable owner is being written. If it stays so for this long, its writer has died. */
const WRITING_MS = 5_000;

/**
 * Runs `work` while no other process of this machine does so with the same lock file. If the owner of a lock is dead,
 * the lock is taken over. If it lives, this waits at most `longestWaitMs`, after one call of `onWait(pid)`.
 */
export async function withLock(file, work, { longestWaitMs, onWait = () => {} }) {
  mkdirSync(dirname(file), { recursive: true });
  const giveUpAt = Date.now() + longestWaitMs;
  let told = false;
  while (!take(file)) {
    if (takeOver(file)) continue;
    const owner = readOwner(file);
    if (Date.now() >= giveUpAt) {
      throw new Stop(
        `Process ${owner?.pid ?? "unknown"} on ${owner?.host ?? "this machine"} has been setting up this folder for too long; end it, or delete ${file} if it is gone.`,
      );
    }
    if (!told && owner !== undefined) {
      onWait(owner.pid);
      told = true;
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  let handle;
  try {
    handle = openSync(file, "wx");
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  const owner = { pid: process.pid, started: startOf(process.pid), host: hostname() };
  writeSync(handle, JSON.stringify(owner));
  closeSync(handle);
  return true;
}

/**
 * Removes the lock of a dead owner. Only one process at a time may decide this; otherwise a second one could remove
 * the new lock of the first.
 */
function takeOver(file) {
  if (!isAbandoned(file)) return false;
  const decision = `${file}.takeover`;
  if (!take(decision)) {
    if (isAbandoned(decision)) rmSync(decision, { force: true });
    return false;
  }
  try {
    if (!isAbandoned(file)) return false;
    rmSync(file, { force: true });
    return true;
  } finally {
    rmSync(decision, { force: true });
  }
}

function isAbandoned(file) {
  const owner = readOwner(file);
  if (owner === undefined) return ageMs(file) > WRITING_MS;
  // Process ids of another machine or container say nothing here.
  if (owner.host !== hostname()) return false;
  return !isAlive(owner.pid) || (owner.started !== null && startOf(owner.pid) !== owner.started);
}

function readOwner(file) {
  try {
    const owner = JSON.parse(readFileSync(file, "utf8"));
    return Number.isInteger(owner?.pid) ? owner : undefined;
  } catch {
    return undefined;
  }
}

function ageMs(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
