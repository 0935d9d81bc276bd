import { join } from "node:path";
import { expect, test } from "vitest";
import { ownGroup, withAncestors } from "../../../../src/system/hierarchy.js";
import { V1_MOUNT, V2_MOUNT, fixture } from "./fixture.js";

test("the own group of cgroup v2 lies below its mount", () => {
  const root = fixture({
    "proc/self/cgroup": "0::/user.slice/session-3.scope\n",
    "proc/self/mountinfo": V2_MOUNT,
    "sys/fs/cgroup/user.slice/session-3.scope/cgroup.procs": "",
  });
  const mount = join(root, "sys/fs/cgroup");
  expect(ownGroup(2, root)).toEqual({ mount, folder: join(mount, "user.slice/session-3.scope") });
  expect(ownGroup(1, root)).toEqual({ absent: "the memory controller of cgroup v1 is not mounted" });
});

test("on a hybrid system both are found, each with its own path", () => {
  const root = fixture({
    "proc/self/cgroup": "9:name=systemd:/x\n4:cpu,memory:/jobs/7\n0::/\n",
    "proc/self/mountinfo": V1_MOUNT + V2_MOUNT.replace("cgroup rw,nosuid", "cgroup/unified rw,nosuid"),
    "sys/fs/cgroup/memory/jobs/7/cgroup.procs": "",
    "sys/fs/cgroup/unified/cgroup.procs": "",
  });
  const mount = join(root, "sys/fs/cgroup/memory");
  expect(ownGroup(1, root)).toEqual({ mount, folder: join(mount, "jobs/7") });
  const unified = join(root, "sys/fs/cgroup/unified");
  expect(ownGroup(2, root)).toEqual({ mount: unified, folder: unified });
});

test("in a container that shows a part of the host's hierarchy the part is taken off the path", () => {
  const root = fixture({
    "proc/self/cgroup": "4:memory:/docker/abc/inner\n",
    "proc/self/mountinfo": V1_MOUNT.replace("0:32 / ", "0:32 /docker/abc "),
    "sys/fs/cgroup/memory/inner/cgroup.procs": "",
  });
  const mount = join(root, "sys/fs/cgroup/memory");
  expect(ownGroup(1, root)).toEqual({ mount, folder: join(mount, "inner") });
});

test("a group whose name only begins like the mounted one is not below it", () => {
  const root = fixture({
    "proc/self/cgroup": "4:memory:/docker/abcdef\n",
    "proc/self/mountinfo": V1_MOUNT.replace("0:32 / ", "0:32 /docker/abc "),
    "sys/fs/cgroup/memory/cgroup.procs": "",
  });
  expect(ownGroup(1, root)).toMatchObject({
    absent: expect.stringMatching(/\/docker\/abcdef is outside/) as string,
  });
});

test("a group outside of the cgroup namespace is absent", () => {
  const root = fixture({
    "proc/self/cgroup": "0::/../other\n",
    "proc/self/mountinfo": V2_MOUNT,
    "sys/fs/other/cgroup.procs": "",
  });
  expect(ownGroup(2, root)).toHaveProperty("absent");
});

test("a mount point with a space is read as it is written", () => {
  const root = fixture({
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": V2_MOUNT.replace("/sys/fs/cgroup", "/my\\040groups"),
    "my groups/cgroup.procs": "",
  });
  expect(ownGroup(2, root)).toMatchObject({ mount: join(root, "my groups") });
});

test("without /proc nothing is there", () => {
  expect(ownGroup(2, fixture({}))).toEqual({ absent: "cgroup v2 is not mounted" });
});

test("a group and those above it end at the mount", () => {
  expect(withAncestors({ mount: "/c", folder: "/c/a/b" })).toEqual(["/c/a/b", "/c/a", "/c"]);
  expect(withAncestors({ mount: "/c", folder: "/c" })).toEqual(["/c"]);
});
