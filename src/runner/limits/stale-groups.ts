import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isAbsent } from "../../system/probe/reading.js";
import { removeGroup } from "./group-removal.js";
import { ownGroup, withAncestors } from "../../system/hierarchy.js";
import { runnerIsDead } from "./runner-name.js";

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}

function isWithin(folder: string, ancestor: string): boolean {
  return `${folder}/`.startsWith(`${ancestor}/`);
}

/**
 * Removes the groups of dead runners from this process's groups and those above, and kills the processes in
 * them. Returns the removed folders.
 */
export async function removeStaleGroups(): Promise<string[]> {
  const removed: string[] = [];
  for (const own of [ownGroup(1), ownGroup(2)]) {
    if (isAbsent(own)) continue;
    for (const place of withAncestors(own)) {
      const stale = foldersIn(place).filter((name) => runnerIsDead(name));
      // A runner that was started inside a cell is in the group of its dead parent. The supervisor of that
      // cell ends it.
      const others = stale.map((name) => join(place, name)).filter((folder) => !isWithin(own.folder, folder));
      for (const folder of others) if (await removeGroup(folder)) removed.push(folder);
    }
  }
  return removed;
}
