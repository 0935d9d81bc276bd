import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Absent } from "./probe/reading.js";
import { absent } from "./probe/reading.js";
import { readText } from "./kernel-file.js";

/** This process's group in one hierarchy of control groups. */
export interface OwnGroup {
  /** Folder where the topmost visible group is mounted. */
  mount: string;
  /** Folder of this process's group. */
  folder: string;
}

interface Mount {
  type: string;
  /** Path of the mounted group inside its hierarchy. */
  group: string;
  point: string;
  options: string[];
}

/** `/proc/self/mountinfo`; see proc_pid_mountinfo(5). */
function parseMounts(text: string): Mount[] {
  const plain = (field = ""): string =>
    field.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return text.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const [, , , group, point] = before?.split(" ") ?? [];
    const [type, , options] = after?.split(" ") ?? [];
    if (type === undefined) return [];
    return [{ type, group: plain(group), point: plain(point), options: options?.split(",") ?? [] }];
  });
}

/** The path after the controllers in `/proc/self/cgroup`; see cgroups(7). */
function parseOwnPath(text: string, version: 1 | 2): string | undefined {
  for (const line of text.split("\n")) {
    const [, number, controllers = "", path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    const wanted = version === 2 ? number === "0" : controllers.split(",").includes("memory");
    if (wanted && path !== undefined) return path;
  }
  return undefined;
}

/**
 * Finds this process's group in the cgroup v2 hierarchy, or in the v1 hierarchy of the memory controller.
 * Every path is taken below `root`.
 */
export function ownGroup(version: 1 | 2, root = "/"): OwnGroup | Absent {
  const name = version === 2 ? "cgroup v2" : "the memory controller of cgroup v1";
  const path = parseOwnPath(readText(join(root, "proc/self/cgroup")) ?? "", version);
  const mount = parseMounts(readText(join(root, "proc/self/mountinfo")) ?? "").find(({ type, options }) =>
    version === 2 ? type === "cgroup2" : type === "cgroup" && options.includes("memory"),
  );
  if (mount === undefined) return absent(`${name} is not mounted`);
  if (path === undefined) return absent(`/proc/self/cgroup does not name a group of ${name}`);
  // In a container, the path may be that of the host, of which only a part is mounted here.
  const below =
    mount.group !== "/" && `${path}/`.startsWith(`${mount.group}/`) ? path.slice(mount.group.length) : path;
  const point = resolve(root, `.${mount.point}`);
  const folder = resolve(point, `.${below}`);
  if (below.startsWith("/..") || !existsSync(join(folder, "cgroup.procs")))
    return absent(`this process's group ${path} is outside of what is mounted at ${mount.point}`);
  return { mount: point, folder };
}

/** Folders of the group and the groups above it up to the mount point, nearest first. */
export function withAncestors({ mount, folder }: OwnGroup): string[] {
  return folder === mount ? [mount] : [folder, ...withAncestors({ mount, folder: dirname(folder) })];
}
