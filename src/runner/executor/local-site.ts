import type { EnforcementKind } from "../../record/cell.js";
import { UNCAPPED } from "../cell/uncapped.js";
import type { ProvenEnforcement } from "../limits/index.js";
import { provenEnforcement } from "../limits/index.js";
import { slotsHere } from "../slots.js";
import type { Executor } from "./executor.js";
import { localExecutor } from "./local.js";
import type { CappedCell, Site, SiteEnforcement } from "./site.js";

/** This machine. The supervisor of a cell ends with its runner, so a dead runner leaves no cells. */
export class LocalSite implements Site {
  readonly #slots: number;
  readonly #wanted: EnforcementKind | undefined;
  readonly #notice: (message: string) => void;
  #enforcement = UNCAPPED;

  constructor(options: {
    slots?: number | undefined;
    enforcement?: EnforcementKind | undefined;
    notice: (message: string) => void;
  }) {
    this.#slots = options.slots ?? slotsHere();
    this.#wanted = options.enforcement;
    this.#notice = options.notice;
  }

  async enforce(cells: readonly CappedCell[]): Promise<SiteEnforcement> {
    const { enforcement, rungs, certificates } = await this.#proven(cells);
    this.#enforcement = enforcement;
    const { kind, description } = enforcement;
    const ladder = rungs.map(
      (rung) => `${rung.kind}: ${rung.available === true ? "available" : rung.available.absent}`,
    );
    return {
      record: { kind, description, ladder },
      described: kind === "none" ? "none" : description,
      certificates,
    };
  }

  /** A cell that measures itself and has no cap needs no enforcement. */
  async #proven(cells: readonly CappedCell[]): Promise<ProvenEnforcement> {
    const capped = cells.some(({ capBytes }) => capBytes !== undefined);
    if (!capped && !cells.some(({ work }) => work.kind === "command"))
      return { enforcement: UNCAPPED, rungs: [], certificates: [] };
    return provenEnforcement({
      wanted: this.#wanted,
      capped,
      failed: ({ description }, { message }) => {
        this.#notice(`${description}: ${message}`);
      },
      place: "on this machine",
      advice: 'Remove "memory" from the caps, or run where one works.',
    });
  }

  adopt(): Promise<void> {
    return Promise.resolve();
  }

  open(): Promise<Executor> {
    return Promise.resolve(localExecutor(this.#enforcement, this.#slots));
  }

  removeFinished(): void {
    // Empty: a cell leaves no files here.
  }

  dispose(): void {
    // Empty: nothing was made.
  }
}
