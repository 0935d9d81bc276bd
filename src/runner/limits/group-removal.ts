import type { FSWatcher } from "node:fs";
import { existsSync, readdirSync, rmdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode, readFlatKeyed, readWords } from "../../system/kernel-file.js";

/** How long the kernel may take to let go of processes that were killed. */
const PATIENCE_MS = 5_000;
/** Where nothing is announced, as in v1, an empty group is looked for at this interval. */
const LOOK_MS = 2;

function members(folder: string): number[] {
  return readWords(join(folder, "cgroup.procs")).map(Number);
}

function killMembers(folder: string): void {
  const killFile = join(folder, "cgroup.kill");
  if (existsSync(killFile)) {
    try {
      writeFileSync(killFile, "1");
      return;
    } catch {
      // Not in a threaded group; its members are killed one by one.
    }
  }
  for (const pid of members(folder)) {
    try {
      // 0 stands for a process of another pid namespace; a signal to 0 would go to this process's own group.
      if (pid > 0 && pid !== process.pid) process.kill(pid, "SIGKILL");
    } catch {
      // It died in between.
    }
  }
}

function isEmpty(folder: string): boolean {
  const { populated } = readFlatKeyed(join(folder, "cgroup.events"));
  return populated === undefined ? members(folder).length === 0 : populated === 0;
}

/** Resolves when something about the group may have changed, at the latest after `timeoutMs`, and never at once. */
function change(folder: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    let watcher: FSWatcher | undefined;
    const done = (): void => {
      clearTimeout(timer);
      watcher?.close();
      resolve();
    };
    let timer = setTimeout(done, timeoutMs);
    const lookSoon = (): void => {
      clearTimeout(timer);
      timer = setTimeout(done, LOOK_MS);
    };
    try {
      watcher = watch(join(folder, "cgroup.events"), done).on("error", lookSoon);
      // It may have emptied before the watch began.
      if (isEmpty(folder)) lookSoon();
    } catch {
      // No such file in v1, or no watches left.
      lookSoon();
    }
  });
}

/**
 * Kills what is left in the group and in groups below it, and removes them. Returns false where processes did not
 * die within 5 s, such as one in uninterruptible sleep, or where it may not be removed.
 */
export async function removeGroup(folder: string): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      killMembers(folder);
      for (const entry of readdirSync(folder, { withFileTypes: true }))
        if (entry.isDirectory() && !(await removeGroup(join(folder, entry.name)))) return false;
      rmdirSync(folder);
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return true;
      const left = deadline - performance.now();
      if (errorCode(error) !== "EBUSY" || left <= 0) return false;
      await change(folder, left);
    }
  }
}
