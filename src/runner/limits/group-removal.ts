import type { FSWatcher } from "node:fs";
import { existsSync, readdirSync, rmdirSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode, readFlatKeyed, readWords } from "../../system/kernel-file.js";

/** How long the kernel may need to end killed processes. */
const PATIENCE_MS = 5_000;
/** v1 gives no notice when a group is empty, so it is read at this interval. */
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
      // cgroup.kill does not work in a threaded group. Its processes are killed one by one.
    }
  }
  for (const pid of members(folder)) {
    try {
      // 0 means a process of another pid namespace. A signal to 0 would reach this process's own process
      // group.
      if (pid > 0 && pid !== process.pid) process.kill(pid, "SIGKILL");
    } catch {
      // The process has ended meanwhile.
    }
  }
}

function isEmpty(folder: string): boolean {
  const { populated } = readFlatKeyed(join(folder, "cgroup.events"));
  return populated === undefined ? members(folder).length === 0 : populated === 0;
}

/** Resolves when the group may have changed, at the latest after `timeoutMs`, and never immediately. */
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
      // The group may have become empty before the watch began.
      if (isEmpty(folder)) lookSoon();
    } catch {
      // v1 has no such file, or the system has no watches left.
      lookSoon();
    }
  });
}

/**
 * Kills all processes in the group and the groups below it, and removes the groups. Returns false if
 * processes did not die within 5 s (one in uninterruptible sleep, for example) or a group cannot be removed.
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
