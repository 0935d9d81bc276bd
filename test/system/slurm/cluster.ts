import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { run } from "../cli.js";
import type { SlurmSite } from "../stand-in/slurm/site.js";

/** Debian's packages of a whole cluster on one machine; `apt-get install --no-install-recommends`. */
export const SLURM_PACKAGES = ["munge", "slurmctld", "slurmd", "slurm-client"];

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo"];

/** Why there is no real Slurm here; undefined where there can be one. */
export function noSlurm(): string | undefined {
  if (process.platform !== "linux") return "Slurm needs Linux";
  if (process.getuid?.() !== 0) return "slurmd needs root";
  const missing = PROGRAMS.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
  if (missing.length === 0) return undefined;
  return `${missing.join(", ")} not installed (apt-get install --no-install-recommends ${SLURM_PACKAGES.join(" ")})`;
}

const PATIENCE_MS = 60_000;

/**
 * A cluster of one node on this machine: two partitions, of which `high` preempts `low`, and two GPUs in name only.
 * Needs neither systemd nor control groups of Slurm's own; everything lies in a temporary folder and on loopback.
 */
export async function startCluster(): Promise<SlurmSite> {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-cluster-"));
  for (const name of ["state", "spool", "log", "run"]) mkdirSync(join(folder, name));
  const [controller, daemon] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "munge.key"), randomBytes(128), { mode: 0o600 });
  writeFileSync(join(folder, "slurm.conf"), configuration(folder, controller, daemon));
  // 22.05 always loads a plugin for control groups; without task/cgroup and proctrack/cgroup it touches none.
  writeFileSync(join(folder, "cgroup.conf"), "CgroupPlugin=cgroup/v1\n");
  writeFileSync(join(folder, "gres.conf"), "Name=gpu File=/dev/zero\nName=gpu File=/dev/null\n");
  const env = { ...process.env, SLURM_CONF: join(folder, "slurm.conf") };
  const started: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await run("scancel", ["--user=0"], { env });
    await until(async () => (await run("squeue", ["--noheader"], { env })).stdout === "").catch(
      () => undefined,
    );
    // The node first: it tells the controller, which wants munge.
    for (const child of started.reverse()) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (file: string, ...args: string[]): void => {
    const log = openSync(join(folder, "log", `${file}.out`), "a");
    started.push(spawn(file, args, { env, stdio: ["ignore", log, log] }));
    closeSync(log);
  };
  try {
    start(
      "munged",
      "--foreground",
      // The temporary folder is writable for all, which munged would refuse.
      "--force",
      `--socket=${join(folder, "run/munge.socket")}`,
      `--key-file=${join(folder, "munge.key")}`,
      `--log-file=${join(folder, "log/munged.log")}`,
      `--pid-file=${join(folder, "run/munged.pid")}`,
      `--seed-file=${join(folder, "run/munge.seed")}`,
    );
    start("slurmctld", "-D");
    start("slurmd", "-D");
    await until(async () =>
      (await run("sinfo", ["--noheader", "--format=%T"], { env })).stdout.includes("idle"),
    );
  } catch (error) {
    const said = ["slurmctld", "slurmd", "munged"].map((name) => lastOf(join(folder, "log", `${name}.out`)));
    await stop();
    throw new Error(`the cluster did not come up: ${said.join(" | ")}`, { cause: error });
  }
  return { env: { SLURM_CONF: env.SLURM_CONF }, stop };
}

function configuration(folder: string, controllerPort: number, nodePort: number): string {
  const memoryMiB = Math.floor((totalmem() / 2 ** 20) * 0.9);
  return `
ClusterName=bytesper
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/run/munge.socket
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/run/slurmctld.pid
SlurmdPidFile=${folder}/run/slurmd.pid
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdLogFile=${folder}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
DefMemPerCPU=256
KillWait=5
MinJobAge=60
ReturnToService=2
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=4 RealMemory=${memoryMiB} Gres=gpu:2 State=UNKNOWN
PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=high Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
`.trimStart();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not come about within ${PATIENCE_MS / 1000} s`);
    await pause(200);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS / 4);
  await gone;
  clearTimeout(timer);
}

function lastOf(file: string): string {
  try {
    return readFileSync(file, "utf8").trim().split("\n").slice(-3).join(" ");
  } catch {
    return "";
  }
}
