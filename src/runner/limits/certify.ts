import { largestOf } from "../../base/stats/extremes.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { Supervised } from "./supervised.js";
import { runSupervised } from "./supervised.js";
import type { Enforcement, LimitEvidence } from "./types.js";
import type { EnforcementKind } from "../../record/cell.js";

/**
 * Result of a test: what a short-lived child process under a small cap showed about an enforcement on this
 * machine.
 */
export interface Certificate {
  kind: EnforcementKind;
  capBytes: number;
  fired: boolean;
  /** Most bytes that the child held. */
  heldBytes: number;
  /** Counter from which `heldBytes` was read. */
  source: string;
  /** How the child ended, as a clause. */
  outcome: string;
  /** Wall time from the start of the child to its end. */
  atMs?: number;
  message: string;
}

const MIB = 2 ** 20;
const CAP_BYTES = 128 * MIB;
/** Twice the cap. So a cap that acts late differs from one that does not act. */
const TOUCHED_BYTES = 2 * CAP_BYTES;
const TIME_LIMIT_MS = 30_000;
/**
 * Factor above an exact cap that is allowed. The kernel charges memory in batches for each processor, so it
 * may exceed the cap a little.
 */
const EXACT_WITHIN = 1.05;

/**
 * Child program. It touches memory in steps of 8 MiB and writes the sum to descriptor 3. It pauses after each
 * step and at the end, so that a watchdog can act in time even on a busy machine.
 */
const TOUCHER = `
  const { writeSync } = require("node:fs");
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  const kept = [];
  try {
    while (kept.length * ${8 * MIB} < ${TOUCHED_BYTES}) {
      kept.push(Buffer.alloc(${8 * MIB}, 1));
      writeSync(3, kept.length * ${8 * MIB} + "\\n");
      pause(2);
    }
    pause(1000);
    writeSync(3, "all\\n");
  } catch (error) {
    if (error instanceof RangeError) writeSync(3, "refused\\n");
  }`;

function outcomeOf(
  kind: EnforcementKind,
  { said, end }: Supervised,
  { oomKills }: LimitEvidence,
): { fired: boolean; outcome: string } {
  if (end.event !== "end")
    return { fired: false, outcome: `it was not started: ${end.message ?? end.event}` };
  if (!isAbsent(oomKills) && oomKills > 0) return { fired: true, outcome: "the kernel killed it" };
  if (end.killed === "memory") return { fired: true, outcome: "the supervisor's watchdog killed it" };
  // With other kinds of enforcement, this cap does not cause a refusal.
  if (said.includes("refused") && kind === "rlimit-data")
    return { fired: true, outcome: "the system refused it more memory" };
  if (said.includes("all")) return { fired: false, outcome: "it got all that it asked for" };
  return { fired: false, outcome: `it ended before it had all (killed: ${end.killed ?? "no"})` };
}

function heldBy({ said, end }: Supervised, { peak }: LimitEvidence): { heldBytes: number; source: string } {
  if (!isAbsent(peak)) return { heldBytes: peak.bytes, source: peak.source };
  if (end.largestProcessPeakBytes !== undefined)
    return { heldBytes: end.largestProcessPeakBytes, source: "ru_maxrss of the child" };
  const touched = said.map(Number).filter((bytes) => bytes > 0);
  return { heldBytes: largestOf([0, ...touched]), source: "what the child said it had touched" };
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}

let certificates = 0;

/**
 * Tests that the cap works on this machine: a short-lived child under a cap of 128 MiB touches 256 MiB. Takes
 * less than a second if the cap works. Throws what `open` throws.
 */
export async function certify(enforcement: Enforcement): Promise<Certificate> {
  certificates += 1;
  const limit = await enforcement.open({ id: `certificate-${certificates}`, capBytes: CAP_BYTES });
  let trial: Supervised;
  let evidence: LimitEvidence;
  try {
    trial = await runSupervised(limit, [process.execPath, "-e", TOUCHER], TIME_LIMIT_MS);
  } finally {
    evidence = await limit.close();
  }
  const { heldBytes, source } = heldBy(trial, evidence);
  const { fired: ended, outcome } = outcomeOf(enforcement.kind, trial, evidence);
  const held = !enforcement.exact || heldBytes <= CAP_BYTES * EXACT_WITHIN;
  const fired = ended && held;
  const verdict = fired ? "fired" : "did not fire";
  return {
    kind: enforcement.kind,
    capBytes: CAP_BYTES,
    fired,
    heldBytes,
    source,
    outcome,
    ...(trial.end.wallMs !== undefined && { atMs: trial.end.wallMs }),
    message: `A cap of ${mib(CAP_BYTES)} ${verdict} for a child that asked for ${mib(TOUCHED_BYTES)}: ${outcome}; it held ${mib(heldBytes)} (${source}).`,
  };
}
