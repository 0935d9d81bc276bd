import { mkdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { BytesperError } from "../../../base/errors.js";
import { writeWhole } from "../../../base/write.js";
import type { Certificate, Enforcement } from "../../limits/index.js";
import type { EnforcementKind } from "../../../record/cell.js";
import { certify, chooseEnforcement } from "../../limits/index.js";

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
  const chosen = await chooseEnforcement(wanted === undefined ? {} : { wanted });
  if (!capped || chosen.enforcement.kind === "none") return chosen;
  const kinds =
    wanted === undefined
      ? chosen.rungs.flatMap(({ kind, available }) => (available === true ? [kind] : []))
      : [wanted];
  const messages: string[] = [];
  for (const kind of kinds) {
    if (kind === "none") break;
    const { enforcement } =
      kind === chosen.enforcement.kind ? chosen : await chooseEnforcement({ wanted: kind });
    const certificate = await provenOnce(folder, enforcement);
    if (certificate.fired) return { enforcement, certificate };
    messages.push(certificate.message);
  }
  throw new BytesperError(
    "NO_ENFORCEMENT",
    `No cap on memory fires on ${hostname()}: ${messages.at(-1) ?? "there is none."} Choose other nodes with --slurm-option, or remove "memory" from the caps.`,
  );
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
