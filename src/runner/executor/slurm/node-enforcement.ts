import { mkdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeWhole } from "../../../base/write.js";
import type { Certificate, Enforcement } from "../../limits/index.js";
import type { EnforcementKind } from "../../../record/cell.js";
import { certify, provenEnforcement } from "../../limits/index.js";

export interface NodeEnforcement {
  enforcement: Enforcement;
  /** Result of the test that a cap works on this node; absent for a cell without a cap. */
  certificate?: Certificate;
}

/**
 * The best enforcement that works on this node. For a cell with a cap, the cap is tested once on each node;
 * later tasks read the result from `folder`. Throws `NO_ENFORCEMENT` and `USAGE`.
 */
export async function enforcementHere(
  folder: string,
  wanted: EnforcementKind | undefined,
  capped: boolean,
): Promise<NodeEnforcement> {
  const { enforcement, certificates } = await provenEnforcement({
    wanted,
    capped,
    prove: (tried) => provenOnce(folder, tried),
    place: `on ${hostname()}`,
    advice: 'Choose other nodes with --slurm-option, or remove "memory" from the caps.',
  });
  const certificate = certificates.at(-1);
  return { enforcement, ...(certificate === undefined ? {} : { certificate }) };
}

/**
 * Returns the result of the test, and runs it if there is none. Tasks that start together on a node may each
 * run it. That is safe: each writes the whole file at once.
 */
async function provenOnce(folder: string, enforcement: Enforcement): Promise<Certificate> {
  const path = join(folder, `${hostname()}-${bootId()}-${enforcement.kind}.json`);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Certificate;
  } catch {
    // No file: this is the first task on this node.
  }
  const certificate = await certify(enforcement);
  // A failed test is not stored: the node may only have been busy, and the next task tries again.
  if (!certificate.fired) return certificate;
  mkdirSync(folder, { recursive: true });
  writeWhole(path, `${JSON.stringify(certificate)}\n`);
  return certificate;
}

/** The boot id is in the file name, because a node may run another system after a restart. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().slice(0, 8);
  } catch {
    return "boot";
  }
}
