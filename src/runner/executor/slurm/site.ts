import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeError } from "../../../base/write.js";
import { UNCAPPED } from "../../cell/uncapped.js";
import type { RunLog } from "../../engine/log.js";
import type { Executor } from "../executor.js";
import type { Site, SiteEnforcement } from "../site.js";
import { adoptCells, removeFinished, slurmRoot } from "./adopt.js";
import type { SlurmOptions } from "./executor.js";
import { slurmExecutor } from "./executor.js";

/** The nodes of a Slurm cluster, which see the folder of the results under the same path. */
export class SlurmSite implements Site {
  /** Beside the journal, so that every node can read it. */
  readonly modules: string;
  readonly #out: string;
  readonly #options: Omit<SlurmOptions, "root">;

  /** Throws `WRITE_FAILED`. */
  constructor(out: string, options: Omit<SlurmOptions, "root">) {
    this.#out = out;
    this.#options = options;
    this.modules = join(out, "runs", `${options.runId}.modules`);
    try {
      mkdirSync(this.modules, { recursive: true });
    } catch (error) {
      throw writeError(this.modules, error);
    }
  }

  /** Each node chooses and tests an enforcement of its own before its first cell with a cap. */
  enforce(): Promise<SiteEnforcement> {
    const description = "chosen and proved on each node";
    return Promise.resolve({
      record: { kind: UNCAPPED.kind, description, ladder: [] },
      described: description,
      certificates: [],
    });
  }

  adopt(log: RunLog): Promise<void> {
    return adoptCells(log, this.#out, { notice: this.#options.notice });
  }

  open(): Promise<Executor> {
    return slurmExecutor({ ...this.#options, root: slurmRoot(this.#out, this.#options.runId) });
  }

  removeFinished(log: RunLog): void {
    removeFinished(log, this.#out);
  }

  dispose(): void {
    rmSync(this.modules, { recursive: true, force: true });
  }
}
