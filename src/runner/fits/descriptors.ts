import { readText } from "../../system/kernel-file.js";

/** The soft limit on open files that processes inherit from this one; undefined where there is none. */
export function openDescriptorsLimit(): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(readText("/proc/self/limits") ?? "")?.[1];
  return soft === undefined ? undefined : Number(soft);
}
