import { BytesperError } from "../base/errors.js";
import type { StopReason } from "./types.js";

/** Thrown by `MemoryGuard.step` while a rule with the action `stop` is fired. */
export class GuardStop extends BytesperError {
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super("GUARD_STOP", `The memory guard stopped the program: ${reason.sentence}.`);
    this.reason = reason;
  }
}
