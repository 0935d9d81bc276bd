import { readFileSync } from "node:fs";
import { BytesperError } from "../base/errors.js";
import { ROLLBACK_SCHEMA } from "../record/rollback-schema.js";
import type { Level } from "../experiment/define.js";
import type { Flags } from "../experiment/rollout/plan.js";
import { suggestion } from "../experiment/rollout/names.js";

/**
 * The flags of a program, which all roll back at once. They are set whole and never one by one: a mixture of two
 * stages was never run.
 */
export class FeatureFlags<F extends Flags = Flags> {
  readonly #known: F;
  #flags: Flags;

  /** @param initial every flag with its level until others are taken over */
  constructor(initial: F) {
    this.#known = { ...initial };
    this.#flags = this.#known;
  }

  /** The level of a flag, of the type that it began with. Throws `BAD_INPUT` for a flag that there is not. */
  get<K extends keyof F & string>(name: K): F[K] {
    const level = Object.hasOwn(this.#flags, name) ? this.#flags[name] : undefined;
    if (level !== undefined) return level as F[K];
    throw new BytesperError("BAD_INPUT", `There is no flag "${name}": ${suggestion(name, this.names)}.`);
  }

  get names(): string[] {
    return Object.keys(this.#known);
  }

  /**
   * Takes the flags of a `rollback.json` over, all or none. Throws `BAD_INPUT` where the file cannot be read, has no
   * flags because no stage passed, or has other flags or types than the program.
   */
  rollBack(file: string): void {
    this.set(readRollback(file), file);
  }

  /** Takes other levels over, all or none; a flag that they lack goes back to where it began. */
  set(flags: Flags, origin = "The flags"): void {
    for (const [name, level] of Object.entries(flags)) {
      const known = Object.hasOwn(this.#known, name) ? this.#known[name] : undefined;
      if (known === undefined)
        throw new BytesperError(
          "BAD_INPUT",
          `${origin} set the flag "${name}", which the program lacks: ${suggestion(name, this.names)}.`,
        );
      if (typeof known !== typeof level)
        throw new BytesperError(
          "BAD_INPUT",
          `${origin} set the flag "${name}" to the ${typeof level} ${JSON.stringify(level)}; give a ${typeof known}.`,
        );
    }
    this.#flags = { ...this.#known, ...flags };
  }
}

/** The flags of a `rollback.json`. Throws `BAD_INPUT`. */
export function readRollback(file: string): Record<string, Level> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "is not JSON" : "cannot be read";
    throw new BytesperError("BAD_INPUT", `${file} ${why}; give the rollback.json of a staged rollout.`, {
      cause: error,
    });
  }
  // By hand: the runner loads this file too, and should not wait for a library that checks documents.
  const { schema, flags } = (json ?? {}) as { schema?: unknown; flags?: unknown };
  if (schema !== ROLLBACK_SCHEMA || typeof flags !== "object" || flags === null)
    throw new BytesperError(
      "BAD_INPUT",
      `${file} is not of the schema ${ROLLBACK_SCHEMA}; give the rollback.json of a staged rollout.`,
    );
  // No flag of a rollout can be named "absent".
  if ("absent" in flags)
    throw new BytesperError("BAD_INPUT", `${file} has no flags to roll back to: ${String(flags.absent)}.`);
  return flags as Record<string, Level>;
}
