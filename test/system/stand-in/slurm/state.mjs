import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./settings.mjs";

export const ENDED = ["CANCELLED", "COMPLETED", "FAILED", "NODE_FAIL", "PREEMPTED", "VANISHED"];

export function writeJson(path, value) {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(value));
  renameSync(temporary, path);
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

export function jobFolder(id) {
  return join(root, String(id));
}

/** The next free number, taken. */
export function newJob() {
  mkdirSync(root, { recursive: true });
  for (let id = 1; ; id++) {
    try {
      mkdirSync(jobFolder(id));
      return id;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
}

export function jobs() {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^\d+$/.test(name) && existsSync(join(root, name, "job.json")))
    .map((name) => readJson(join(root, name, "job.json")))
    .sort((a, b) => a.id - b.id);
}

export function readTask(id, index) {
  return readJson(join(jobFolder(id), `task-${index}.json`));
}

export function writeTask(id, index, task) {
  writeJson(join(jobFolder(id), `task-${index}.json`), { ...task, at: Date.now() });
}

export function cancelFile(id, index) {
  return join(jobFolder(id), `cancel-${index}`);
}

/** True for the first calls under a name. */
export function isAmongFirst(name, count) {
  if (count === 0) return false;
  mkdirSync(root, { recursive: true });
  const path = join(root, `calls-${name}`);
  const before = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  writeFileSync(path, String(before + 1));
  return before < count;
}
