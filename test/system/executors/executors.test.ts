import { standInSlurm } from "../stand-in/slurm/site.js";
import { conformance } from "./conformance.js";
import { localSite, slurmSite } from "./places.js";

conformance("local", localSite);
conformance("stand-in Slurm", () => Promise.resolve(slurmSite(standInSlurm())));
