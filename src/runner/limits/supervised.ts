import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { supervisorFile } from "../../system/native/built-file.js";
import type { CellLimit } from "./types.js";

/** The supervisor's last line: `end`, or `failed` with a message. */
export interface SupervisedEnd {
  event: string;
  message?: string;
  killed?: string | null;
  code?: number;
  signal?: number;
  largestProcessPeakBytes?: number;
  peakPssBytes?: number;
  wallMs?: number;
}

export interface Supervised {
  said: string[];
  end: SupervisedEnd;
}

/**
 * Runs a small child under the supervisor and the limit until it ends. It is for tests of a cap, not for
 * measurements.
 */
export async function runSupervised(
  limit: CellLimit,
  child: string[],
  timeLimitMs: number,
): Promise<Supervised> {
  const options = ["--report", "4", "--lifeline", "5", "--time-limit", String(timeLimitMs)];
  // Where there is none, the start below fails and names it.
  const program = supervisorFile() ?? "cell-supervisor";
  const command = limit.wrap([program, ...options, ...limit.supervisorArguments, "--", ...child]);
  const [file = "", ...args] = command;
  const supervisor = spawn(file, args, { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe"] });
  const started = new Promise<void>((resolve, reject) => {
    supervisor.once("spawn", resolve).once("error", reject);
  });
  const streams = [supervisor.stderr, supervisor.stdio[3], supervisor.stdio[4]] as Readable[];
  const [, complaint = "", said = "", report = ""] = await Promise.all([started, ...streams.map(text)]);
  const last = report.trim().split("\n").at(-1) ?? "";
  const end =
    last === "" ? { event: "failed", message: complaint.trim() } : (JSON.parse(last) as SupervisedEnd);
  return { said: said.split("\n").filter(Boolean), end };
}
