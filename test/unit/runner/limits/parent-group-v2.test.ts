import { join } from "node:path";
import { expect, test } from "vitest";
import { findParentGroup } from "../../../../src/runner/limits/parent-group-v2.js";
import { fixture } from "./fixture.js";

/** A group below /c with these files; all groups but the hierarchy's root have a type. */
function group(path: string, files: Record<string, string>): Record<string, string> {
  const all = {
    "cgroup.controllers": "cpu memory pids",
    "cgroup.subtree_control": "",
    "cgroup.procs": "",
    ...(path === "" ? {} : { "cgroup.type": "domain\n" }),
    ...files,
  };
  return Object.fromEntries(Object.entries(all).map(([file, content]) => [join("c", path, file), content]));
}

function parentGroupIn(
  files: Record<string, string>,
  folder: string,
  unusable: (root: string) => Map<string, string> = () => new Map(),
): unknown {
  const root = fixture({
    ...files,
    // Process 70 is a child of this one, 80 is of somebody else.
    [`proc/${process.pid}/stat`]: `${process.pid} (node) S 1 ${"0 ".repeat(17)}500 0`,
    "proc/70/stat": `70 (a) b) S ${process.pid} ${"0 ".repeat(17)}600 0`,
    "proc/80/stat": `80 (sh) S 1 ${"0 ".repeat(17)}700 0`,
  });
  const found = findParentGroup(
    { mount: join(root, "c"), folder: join(root, "c", folder) },
    unusable(root),
    root,
  );
  return "folder" in found ? { ...found, folder: found.folder.slice(root.length + 2) } : found;
}

const SELF = String(process.pid);

test("a group that hands the memory controller down takes cells as it is", () => {
  const files = group("job", { "cgroup.subtree_control": "memory pids\n" });
  expect(parentGroupIn(files, "job")).toEqual({ folder: "/job", how: "ready" });
});

test("beside a session whose processes are of others, the slice above takes them", () => {
  const files = {
    ...group("slice", { "cgroup.subtree_control": "memory\n" }),
    ...group("slice/session", { "cgroup.procs": `${SELF}\n80\n` }),
  };
  expect(parentGroupIn(files, "slice/session")).toEqual({ folder: "/slice", how: "ready" });
});

test("a group in which this process is alone with its children takes cells once they have moved", () => {
  const files = {
    ...group("slice", { "cgroup.subtree_control": "memory\n" }),
    ...group("slice/scope", { "cgroup.procs": `${SELF}\n70\n` }),
  };
  expect(parentGroupIn(files, "slice/scope")).toEqual({ folder: "/slice/scope", how: "move" });
});

test("the hierarchy's root may hand controllers down beside its own processes", () => {
  expect(parentGroupIn(group("", { "cgroup.procs": `1\n80\n${SELF}\n` }), "")).toEqual({
    folder: "",
    how: "enable",
  });
});

test("a group without processes is enabled", () => {
  const files = {
    ...group("empty", {}),
    ...group("empty/leaf", { "cgroup.controllers": "", "cgroup.procs": SELF }),
  };
  expect(parentGroupIn(files, "empty/leaf")).toEqual({ folder: "/empty", how: "enable" });
});

test("cells do not escape a limit that somebody gave to this process", () => {
  const files = {
    ...group("slice", { "cgroup.subtree_control": "memory\n" }),
    ...group("slice/job", { "cgroup.procs": `${SELF}\n80\n`, "memory.max": "1073741824\n" }),
  };
  expect(parentGroupIn(files, "slice/job")).toMatchObject({
    absent: expect.stringMatching(/\/slice\/job has other processes \(1\).*alone in a group/) as string,
  });
});

test("a group with a limit, no memory controller of its own and nothing below says which limit is in the way", () => {
  const files = {
    ...group("slice", { "cgroup.subtree_control": "memory\n" }),
    ...group("slice/job", { "cgroup.controllers": "pids", "memory.max": "4096\n" }),
  };
  expect(parentGroupIn(files, "slice/job")).toMatchObject({
    absent: expect.stringMatching(/limited to 4096 bytes/) as string,
  });
});

test("without the controller in the whole hierarchy the reason is where it may be instead", () => {
  expect(parentGroupIn(group("", { "cgroup.controllers": "hugetlb\n" }), "")).toMatchObject({
    absent: expect.stringMatching(/no memory controller.*cgroup v1.*unified_cgroup_hierarchy=1/) as string,
  });
});

test("a group that would take this runner with it is passed over", () => {
  const files = {
    ...group("slice", { "cgroup.subtree_control": "memory\n" }),
    ...group("slice/unit", { "cgroup.procs": SELF }),
  };
  const unusable = (root: string): Map<string, string> => new Map([[join(root, "c/slice/unit"), "it stops"]]);
  expect(parentGroupIn(files, "slice/unit")).toEqual({ folder: "/slice/unit", how: "move" });
  expect(parentGroupIn(files, "slice/unit", unusable)).toEqual({ folder: "/slice", how: "ready" });
  expect(
    parentGroupIn(group("unit", {}), "unit", (root) => new Map([[join(root, "c/unit"), "it stops"]])),
  ).toEqual({
    absent: "it stops",
  });
});
