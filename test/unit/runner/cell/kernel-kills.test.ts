import { expect, test } from "vitest";
import { groupKills, killsBetween } from "../../../../src/runner/cell/kernel-kills.js";
import { fixture, V1_MOUNT, V2_MOUNT } from "../limits/fixture.js";

test("cgroup v2: the nearest group above with a limit", () => {
  const root = fixture({
    "proc/self/cgroup": "0::/pod/main/inner\n",
    "proc/self/mountinfo": V2_MOUNT,
    "sys/fs/cgroup/pod/main/inner/cgroup.procs": "",
    "sys/fs/cgroup/pod/main/inner/memory.max": "max\n",
    "sys/fs/cgroup/pod/main/inner/memory.events": "oom 0\noom_kill 7\n",
    "sys/fs/cgroup/pod/main/memory.max": "536870912\n",
    "sys/fs/cgroup/pod/main/memory.events": "low 0\noom 3\noom_kill 2\n",
  });
  expect(groupKills(root)).toEqual({ limitBytes: 536_870_912, kills: 2 });
});

test("cgroup v1: a group whose limit is none is passed over", () => {
  const root = fixture({
    "proc/self/cgroup": "4:memory:/job\n",
    "proc/self/mountinfo": V1_MOUNT,
    "sys/fs/cgroup/memory/job/cgroup.procs": "",
    "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
    "sys/fs/cgroup/memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
  });
  expect(groupKills(root)).toEqual({ limitBytes: 2 ** 30, kills: 1 });
});

test("no group with a limit, and a counter that is not there, are not known", () => {
  expect(groupKills(fixture({ "proc/self/cgroup": "0::/\n" }))).toBeUndefined();
  const none = { host: undefined, group: undefined };
  expect(killsBetween(none, { host: 3, group: { limitBytes: 1, kills: 1 } })).toEqual(none);
  expect(
    killsBetween(
      { host: 1, group: { limitBytes: 1, kills: 1 } },
      { host: 3, group: { limitBytes: 1, kills: 1 } },
    ),
  ).toEqual({ host: 2, group: { limitBytes: 1, kills: 0 } });
});
