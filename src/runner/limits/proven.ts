import { BytesperError } from "../../base/errors.js";
import type { EnforcementKind } from "../../record/cell.js";
import type { Certificate } from "./certify.js";
import { certify } from "./certify.js";
import { chooseEnforcement } from "./ladder.js";
import type { Enforcement, Rung } from "./types.js";

export interface ProvenEnforcement {
  enforcement: Enforcement;
  rungs: Rung[];
  /** One for each enforcement that was tested, the chosen one last; empty for cells without a cap. */
  certificates: Certificate[];
}

export interface ProofOptions {
  /** The only enforcement that may be used. */
  wanted: EnforcementKind | undefined;
  /** Whether a cell has a cap. Without one nothing is tested. */
  capped: boolean;
  /** Tests an enforcement; by default anew each time. */
  prove?: (enforcement: Enforcement) => Promise<Certificate>;
  /** Told of each enforcement whose cap did not stop the test. */
  failed?: (enforcement: Enforcement, certificate: Certificate) => void;
  /** Where it is, for the message, such as "on this machine". */
  place: string;
  /** What to do beside removing the caps, as a clause. */
  advice: string;
}

/**
 * The best enforcement that passes a test here: a cap must really stop a process. Throws `NO_ENFORCEMENT` and
 * `USAGE`.
 */
export async function provenEnforcement(options: ProofOptions): Promise<ProvenEnforcement> {
  const { wanted, capped, prove = certify, failed, place, advice } = options;
  const certificates: Certificate[] = [];
  const chosen = await chooseEnforcement(wanted === undefined ? {} : { wanted });
  if (!capped || chosen.enforcement.kind === "none") return { ...chosen, certificates };
  const kinds =
    wanted === undefined
      ? chosen.rungs.flatMap(({ kind, available }) => (available === true ? [kind] : []))
      : [wanted];
  for (const kind of kinds) {
    if (kind === "none") break;
    const { enforcement, rungs } =
      kind === chosen.enforcement.kind ? chosen : await chooseEnforcement({ wanted: kind });
    const certificate = await prove(enforcement);
    certificates.push(certificate);
    if (certificate.fired) return { enforcement, rungs, certificates };
    failed?.(enforcement, certificate);
  }
  throw new BytesperError(
    "NO_ENFORCEMENT",
    `No cap on memory fires ${place}: ${certificates.at(-1)?.message ?? "there is none."} ${advice}`,
  );
}
