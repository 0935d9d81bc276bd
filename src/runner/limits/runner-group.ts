import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { removeGroup } from "./group-removal.js";
import { because } from "../../system/kernel-file.js";
import { runnerName } from "./runner-name.js";

/** The group of this runner in one hierarchy. It exists while the runner has cells. */
export class RunnerGroup {
  readonly folder: string;
  readonly #prepare: (folder: string) => void;
  #cells = 0;

  /** `prepare` is called with the folder each time it is created. It may throw errors of the system. */
  constructor(parent: string, prepare: (folder: string) => void = () => undefined) {
    this.folder = join(parent, runnerName());
    this.#prepare = prepare;
  }

  /**
   * Creates the group of a cell. It does not await, so that a cell that ends meanwhile cannot remove the
   * parent. `limit` gets the folder. Throws `CELL_FAILED` and then leaves no group.
   */
  add(id: string, limit: (folder: string) => void = () => undefined): string {
    const folder = join(this.folder, id);
    this.#cells += 1;
    try {
      if (!existsSync(this.folder)) {
        mkdirSync(this.folder);
        this.#prepare(this.folder);
      }
      mkdirSync(folder);
    } catch (error) {
      this.#leave();
      throw failed(folder, error);
    }
    try {
      limit(folder);
    } catch (error) {
      rmdirSync(folder);
      this.#leave();
      throw error instanceof BytesperError ? error : failed(folder, error);
    }
    return folder;
  }

  /** Removes the group of a cell and kills the processes in it. */
  async remove(folder: string): Promise<void> {
    await removeGroup(folder);
    this.#leave();
  }

  #leave(): void {
    this.#cells -= 1;
    if (this.#cells > 0) return;
    try {
      rmdirSync(this.folder);
    } catch {
      // The folder is not empty, or is gone. The next runner removes groups of dead runners.
    }
  }
}

function failed(folder: string, error: unknown): BytesperError {
  return new BytesperError("CELL_FAILED", `The control group ${folder} cannot be made: ${because(error)}.`, {
    cause: error,
  });
}
