import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BytesperError } from "../../base/errors.js";
import type { Absent } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { OwnGroup } from "../../system/hierarchy.js";
import { ownGroup, withAncestors } from "../../system/hierarchy.js";
import { readNumber } from "../../system/kernel-file.js";
import { runTool } from "./run-tool.js";
import { runnerName } from "./runner-name.js";

const ENTER_MS = 5_000;
const LOOK_MS = 5;

/** The systemd manager that can take this process: the system's for root, else the user's own. */
function manager(): string[] {
  return process.getuid?.() === 0 ? ["--system"] : ["--user"];
}

/** Prints the path of the scope's group, then its controllers. $0 is the mount point of the hierarchy. */
const PROBE =
  'path=$(sed -n "s/^0:://p" /proc/self/cgroup) && echo "$path" && cat "$0$path/cgroup.controllers"';

/** A limit on this process that would no longer apply in a group at `path`. */
function escapedLimit(own: OwnGroup, path: string): string | undefined {
  const escaped = withAncestors(own).filter((folder) => !`${own.mount}${path}/`.startsWith(`${folder}/`));
  return escaped.find((folder) => readNumber(join(folder, "memory.max")) !== undefined);
}

/**
 * Tests whether systemd creates scopes with the memory controller in which this user may create groups.
 * Creates one scope to see.
 */
export async function scopeOffer(): Promise<true | Absent> {
  if (!existsSync("/run/systemd/system"))
    return absent("systemd does not run here: there is no /run/systemd/system");
  const own = ownGroup(2);
  if (isAbsent(own)) return own;
  const answer = await runTool("systemd-run", [
    ...[...manager(), "--scope", "--quiet", "--collect", "-p", "Delegate=yes"],
    ...[`--unit=${runnerName()}-probe`, "--", "/bin/sh", "-c", PROBE, own.mount],
  ]);
  if ("failed" in answer) {
    const remedy = "a user's own manager comes with a login session or loginctl enable-linger";
    return absent(`systemd-run ${manager().join(" ")} failed (${answer.failed}); ${remedy}`);
  }
  const [path = "", controllers = ""] = answer.stdout.split("\n");
  if (!controllers.split(" ").includes("memory")) {
    return absent(
      "systemd does not delegate the memory controller to scopes; it needs the unified cgroup v2 hierarchy and Delegate=memory for user@.service",
    );
  }
  const limited = escapedLimit(own, path);
  return limited === undefined || absent(`a scope would escape the memory limit of the group ${limited}`);
}

/**
 * Moves this runner into its own scope, in which it may create groups. There is one scope for the runner and
 * not one for each cell: the scope of a cell would vanish with its last process, and its counters with it.
 * With a limit on the scope, the limit would also apply to the supervisor. systemd removes the scope when the
 * runner is dead. Throws `CELL_FAILED`.
 */
export async function enterScope(): Promise<OwnGroup> {
  const name = `${runnerName()}.scope`;
  const properties = [
    ...["Description", "s", "bytesper"],
    ...["PIDs", "au", "1", String(process.pid)],
    ...["Delegate", "b", "true"],
    ...["CollectMode", "s", "inactive-or-failed"],
  ];
  const answer = await runTool("busctl", [
    ...[...manager(), "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1"],
    ...["org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))"],
    ...[name, "fail", "4", ...properties, "0"],
  ]);
  if ("failed" in answer) throw failed(answer.failed);
  // The call returns when the job is queued, so wait until this process has moved.
  const deadline = performance.now() + ENTER_MS;
  while (performance.now() < deadline) {
    const own = ownGroup(2);
    if (!isAbsent(own) && own.folder.endsWith(`/${name}`)) return own;
    await sleep(LOOK_MS);
  }
  throw failed(`it did not move this process within ${ENTER_MS} ms`);
}

function failed(reason: string): BytesperError {
  return new BytesperError("CELL_FAILED", `systemd made no scope for this runner: ${reason}.`);
}
