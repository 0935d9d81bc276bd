import { execFile } from "node:child_process";
import type { CellEnd } from "../../record/cell-end.js";
import { bytesWithBinaryUnit } from "../../base/format.js";

/** A Node that is short of memory may hang; one that starts takes a tenth of a second. */
const START_MS = 20_000;

const known = new Map<number, Promise<boolean>>();

/**
 * Whether a measuring process starts under this RLIMIT_DATA, without any subject. A process whose memory is refused at
 * its start ends by SIGABRT, mostly without a word, so that only a trial tells this from another fault.
 *
 * @param entry the module of the measuring process
 */
export function startsWithin(dataBytes: number, entry: string): Promise<boolean> {
  const asked = known.get(dataBytes) ?? runs(`ulimit -d ${Math.floor(dataBytes / 1024)} && exec "$@"`, entry);
  known.set(dataBytes, asked);
  return asked;
}

function runs(script: string, entry: string): Promise<boolean> {
  const load = `import(${JSON.stringify(entry)}).then(() => process.exit(0))`;
  const args = ["-c", script, "sh", process.execPath, "--expose-gc", "--single-threaded-gc", "-e", load];
  const options = {
    timeout: START_MS,
    killSignal: "SIGKILL",
    env: { ...process.env, NODE_OPTIONS: "" },
  } as const;
  return new Promise((done) => {
    execFile("/bin/sh", args, options, (error) => {
      done(error === null);
    });
  });
}

/** What a cell ended by when its process cannot start within the cap. */
export function cannotStart(capBytes: number): Pick<CellEnd, "outcome" | "cause" | "aboveBytes"> {
  return {
    outcome: "oom-cap",
    aboveBytes: capBytes,
    cause: `the measuring process does not start within the data limit of ${bytesWithBinaryUnit(capBytes)}, also without the subject; raise the cap, or take --enforcement watchdog`,
  };
}
