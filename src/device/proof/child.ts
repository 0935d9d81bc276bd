/**
 * The process in which a device proves itself. A kernel that hangs, or a driver that crashes, takes this process and
 * no other. Its argument is a `ProofTask`; it prints one `ProofMessage` a line, each before what it announces.
 */
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import { isAbsent } from "../../system/probe/reading.js";
import { loadAddon } from "../../system/native/load.js";
import { MemoryPool } from "../memory-pool.js";
import type { Candidate, DecodeCandidate, Kind } from "./kernel-check.js";
import { checkDecode } from "./decode-check.js";
import { checkCandidate, kindsOf } from "./kernel-check.js";
import { poolFault } from "./pool-check.js";
import type { ProofMessage, ProofTask } from "./proof.js";

/** The checks use little of it; the rest is the workspace of large devices. */
const POOL_BYTES = 512 * 2 ** 20;

const MOST_LOST = 2;
/** Families of the flash kernels by name. */
const families = new Map<string, string>();

const [text = "{}", parent = "0"] = process.argv.slice(2);
const task = JSON.parse(text) as ProofTask;
const settled = new Set([...task.passed, ...task.passedOver]);

// While a call hangs, this thread does not see that its parent has gone.
new Worker(
  `const { workerData } = require("node:worker_threads");
   setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL"); }, 500);`,
  { eval: true, workerData: Number(parent) },
).unref();

function say(message: ProofMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

/** Says why and ends at once: on a dead context nothing can be given back, and trying may hang. */
function end(message: ProofMessage): never {
  say(message);
  process.kill(process.pid, "SIGKILL");
  throw new Error("not reached");
}

async function prove(pool: MemoryPool): Promise<void> {
  const kernels = loadAddon().cudaKernels(pool.native);
  if (isAbsent(kernels)) return end({ event: "unusable", reason: kernels.absent });
  for (const { name, family } of kernels.flashKernels) families.set(name, family);
  say({ event: "device", computeCapability: kernels.computeCapability });
  if (!settled.has("pools")) {
    say({ event: "start", name: "pools" });
    const fault = await poolFault(task.device);
    if (fault !== undefined)
      return end({ event: "unusable", reason: `its memory pools are wrong: ${fault}` });
    say({ event: "passed", name: "pools", family: "pools", error: 0 });
  }
  const missing = new Set<string>();
  for (const kind of kindsOf(kernels)) {
    if (!(await hasKernel(pool, kind, kernels.processors))) missing.add(kind.name);
  }
  for (const kind of missing) say({ event: "missing", kind });
}

/** A hang costs its whole time limit, and what is wrong with one kernel is mostly wrong with its family. */
function isHopeless({ family }: Candidate | DecodeCandidate): boolean {
  return (
    family !== "portable" && task.lost.filter((name) => families.get(name) === family).length >= MOST_LOST
  );
}

/** Checks candidates until one passes. False if there are none. */
async function hasKernel(pool: MemoryPool, { candidates }: Kind, processors: number): Promise<boolean> {
  for (const candidate of candidates) {
    const { name, family } = candidate;
    if (task.passed.includes(name)) return true;
    if (settled.has(name)) continue;
    if (isHopeless(candidate)) {
      const reason = `not tried, because ${MOST_LOST} other kernels of its family hung or ended their process`;
      say({ event: "failed", name, reason, last: false });
      continue;
    }
    say({ event: "start", name });
    try {
      const found =
        "decode" in candidate
          ? await checkDecode(pool, candidate.decode)
          : await checkCandidate(pool, candidate, processors);
      if ("error" in found) {
        say({ event: "passed", name, family, error: found.error });
        return true;
      }
      say({ event: "failed", name, reason: found.fault, last: false });
    } catch (error) {
      if (!(error instanceof BytesperError)) throw error;
      if (error.code === "OUT_OF_DEVICE_MEMORY")
        end({
          event: "unusable",
          reason: `it has too little free memory for the checks: ${sentence(error)}`,
        });
      end({ event: "failed", name, reason: sentence(error).replace(/^The device failed: /, ""), last: true });
    }
  }
  return candidates.length > 0;
}

try {
  const pool = new MemoryPool({ device: task.device, capBytes: POOL_BYTES });
  if (task.prove) await prove(pool);
  const usedBytes = pool.native.deviceUsedBytes();
  if (isAbsent(usedBytes)) end({ event: "unusable", reason: usedBytes.absent });
  say({ event: "done", usedBytes });
  await pool.close();
} catch (error) {
  if (!(error instanceof BytesperError)) throw error;
  end({ event: "unusable", reason: sentence(error).replace(/^cuda:\d+ cannot be used: /, "") });
}
