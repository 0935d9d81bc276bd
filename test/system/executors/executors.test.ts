import { standInSlurm } from "../stand-in/slurm/site.js";
import { conformance } from "./conformance.js";
import { localPlace, slurmPlace } from "./places.js";

conformance("local", localPlace);
conformance("stand-in Slurm", () => Promise.resolve(slurmPlace(standInSlurm())));
