import { existsSync } from "node:fs";
import type { OwnGroup } from "../../system/hierarchy.js";
import { withAncestors } from "../../system/hierarchy.js";
import { runTool } from "./run-tool.js";

/** The systemd unit of a group, if its kind holds processes. */
function unitOf(folder: string): { name: string; manager: "--system" | "--user" } | undefined {
  const name = /\/([^/]+\.(?:service|scope))$/.exec(folder)?.[1];
  if (name === undefined) return undefined;
  return { name, manager: /\/user@\d+\.service\//.test(folder) ? "--user" : "--system" };
}

/**
 * Groups of systemd units that must not take cells, with the reason. The kernel counts a kill also in all
 * groups above. systemd then stops the unit and this runner with it, unless the unit is delegated or its
 * OOMPolicy says otherwise.
 */
export async function stoppedByKills(own: OwnGroup): Promise<Map<string, string>> {
  const stopped = new Map<string, string>();
  if (!existsSync("/run/systemd/system")) return stopped;
  for (const folder of withAncestors(own)) {
    const unit = unitOf(folder);
    if (unit === undefined) continue;
    const answer = await runTool("systemctl", [
      ...[unit.manager, "show", "--property=OOMPolicy", "--value", unit.name],
    ]);
    const policy = "stdout" in answer ? answer.stdout.trim() : "";
    if (policy === "stop" || policy === "kill") {
      stopped.set(
        folder,
        `systemd would stop ${unit.name} when a cell is killed for its memory; give the unit OOMPolicy=continue or Delegate=yes`,
      );
    }
  }
  return stopped;
}
