import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTicksOf } from "../../../../src/system/process.js";
import { ROOT, run } from "../../cli.js";

const BIN = join(ROOT, "test/system/stand-in/slurm/bin");

/** A place where jobs can be submitted. */
export interface SlurmSite {
  /** Variables that the programs of Slurm and the runner need. */
  env: NodeJS.ProcessEnv;
  /** Ends every job and every process of the site. */
  stop: () => Promise<void>;
}

/** A stand-in Slurm with a state of its own; `settings` are those of `settings.mjs`, without `STAND_IN_`. */
export function standInSlurm(settings: Record<string, string | number> = {}): SlurmSite & { state: string } {
  const state = mkdtempSync(join(tmpdir(), "bytesper-slurm-"));
  const env = {
    PATH: `${BIN}:${process.env.PATH ?? ""}`,
    STAND_IN_SLURM: state,
    STAND_IN_NODE: process.execPath,
    ...Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [`STAND_IN_${name}`, String(value)]),
    ),
  };
  const stop = async (): Promise<void> => {
    const jobs = readdirSync(state).filter((name) => /^\d+$/.test(name));
    await run(join(BIN, "scancel"), jobs, { env });
    for (const job of jobs) {
      const file = join(state, job, "daemon.pid");
      const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
      while (pid !== undefined && startTicksOf(pid) !== undefined) await pause(20);
    }
    // A job that was just ended may still be putting its last file there.
    rmSync(state, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  return { state, env, stop };
}
