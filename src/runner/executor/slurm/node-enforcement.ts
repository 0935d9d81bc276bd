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
  /** The proof that a cap fires on this node; absent for a cell without a cap. */
  certificate?: Certificate;
}

/**
 * The best enforcement that works on this node. Where a cell is capped, a cap that does not fire is none: it is proved
 * once on each node, and later tasks take the proof from `folder`. Throws `NO_ENFORCEMENT` and `USAGE`.
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

/** Tasks that start together on a node may each make the proof; they write the same file as a whole. */
async function provenOnce(folder: string, enforcement: Enforcement): Promise<Certificate> {
  const path = join(folder, `${hostname()}-${bootId()}-${enforcement.kind}.json`);
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Certificate;
  } catch {
    // The first task on this node.
  }
  const certificate = await certify(enforcement);
  // A cap that did not fire may have met a busy moment: the next task tries again.
  if (!certificate.fired) return certificate;
  mkdirSync(folder, { recursive: true });
  writeWhole(path, `${JSON.stringify(certificate)}\n`);
  return certificate;
}

/** A node that was started again may be another system. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().slice(0, 8);
  } catch {
    return "boot";
  }
}
