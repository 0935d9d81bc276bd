import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";
let groups = 0;

/** Makes a control group with this limit; needs root. */
function makeGroup(bytes) {
  groups += 1;
  const v1 = existsSync(join(V1, "memory.limit_in_bytes"));
  const folder = join(v1 ? V1 : V2, `fits-bench-${process.pid}-${groups}`);
  mkdirSync(folder);
  writeFileSync(join(folder, v1 ? "memory.limit_in_bytes" : "memory.max"), String(bytes));
  const swap = join(folder, v1 ? "memory.swappiness" : "memory.swap.max");
  if (existsSync(swap)) writeFileSync(swap, "0");
  return folder;
}

/** Runs a command in a control group of its own, and answers how it ended. */
export async function runInGroup(bytes, command) {
  const folder = makeGroup(bytes);
  const join_ = `echo $$ > "$0/cgroup.procs" && exec "$@"`;
  const child = spawn("sh", ["-c", join_, folder, ...command], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr = (stderr + text).slice(-8192)));
  const [code, signal] = await new Promise((resolve) => child.once("close", (...end) => resolve(end)));
  const kills = /oom_kill (\d+)/.exec(
    readFileSync(
      join(folder, existsSync(join(folder, "memory.oom_control")) ? "memory.oom_control" : "memory.events"),
      "utf8",
    ),
  )?.[1];
  rmdirSync(folder);
  return {
    code,
    signal,
    stdout,
    oomKills: Number(kills),
    fatal: /^FATAL ERROR: (.*)$/m.exec(stderr)?.[1],
    stderr,
  };
}
