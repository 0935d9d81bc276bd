import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { groupKills, killsBetween } from "../../../../src/runner/cell/kernel-kills.js";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A system of which these files are there. */
function system(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("cgroup v2: the nearest group above with a limit", () => {
  const root = system({
    "proc/self/cgroup": "0::/pod/main/inner\n",
    "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/pod/main/inner/cgroup.procs": "",
    "sys/fs/cgroup/pod/main/inner/memory.max": "max\n",
    "sys/fs/cgroup/pod/main/inner/memory.events": "oom 0\noom_kill 7\n",
    "sys/fs/cgroup/pod/main/memory.max": "536870912\n",
    "sys/fs/cgroup/pod/main/memory.events": "low 0\noom 3\noom_kill 2\n",
  });
  expect(groupKills(root)).toEqual({ limitBytes: 536_870_912, kills: 2 });
});

test("cgroup v1: a group whose limit is none is passed over", () => {
  const root = system({
    "proc/self/cgroup": "4:memory:/job\n",
    "proc/self/mountinfo": "30 20 0:26 / /cg rw - cgroup cgroup rw,memory\n",
    "cg/job/cgroup.procs": "",
    "cg/job/memory.limit_in_bytes": "9223372036854771712\n",
    "cg/memory.limit_in_bytes": "1073741824\n",
    "cg/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
  });
  expect(groupKills(root)).toEqual({ limitBytes: 2 ** 30, kills: 1 });
});

test("no group with a limit, and a counter that is not there, are not known", () => {
  expect(groupKills(system({ "proc/self/cgroup": "0::/\n" }))).toBeUndefined();
  const none = { host: undefined, group: undefined };
  expect(killsBetween(none, { host: 3, group: { limitBytes: 1, kills: 1 } })).toEqual(none);
  expect(
    killsBetween(
      { host: 1, group: { limitBytes: 1, kills: 1 } },
      { host: 3, group: { limitBytes: 1, kills: 1 } },
    ),
  ).toEqual({ host: 2, group: { limitBytes: 1, kills: 0 } });
});
