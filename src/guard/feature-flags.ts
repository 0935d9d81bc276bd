import { MOST_CONFIG_BYTES, readLimited } from "../base/read-limited.js";
import { BytesperError } from "../base/errors.js";
import { ROLLBACK_SCHEMA } from "../record/rollback-schema.js";
import type { Level } from "../experiment/define.js";
import type { Flags } from "../experiment/rollout/plan.js";
import { suggestion } from "../experiment/rollout/names.js";

/**
 * The feature flags of a program. They are always rolled back together, because a mixture of two stages was never
 * tested.
 */
export class FeatureFlags<F extends Flags = Flags> {
  readonly #known: F;
  #flags: Flags;

  /** @param initial every flag with its first level */
  constructor(initial: F) {
    this.#known = { ...initial };
    this.#flags = this.#known;
  }

  /** The level of a flag. Throws `BAD_INPUT` for an unknown flag. */
  get<K extends keyof F & string>(name: K): F[K] {
    const level = Object.hasOwn(this.#flags, name) ? this.#flags[name] : undefined;
    if (level !== undefined) return level as F[K];
    throw new BytesperError("BAD_INPUT", `There is no flag "${name}": ${suggestion(name, this.names)}.`);
  }

  get names(): string[] {
    return Object.keys(this.#known);
  }

  /**
   * Sets all flags from a `rollback.json`. If this throws, no flag has changed. Throws `BAD_INPUT` if the file cannot
   * be read, if it has no flags because no stage passed, or if its flags or their types differ from the program's.
   */
  rollBack(file: string): void {
    this.set(readRollback(file), file);
  }

  /** Sets all of the given levels, or throws and sets none. A flag that is not given gets its first level again. */
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
    json = JSON.parse(readLimited(file, MOST_CONFIG_BYTES));
  } catch (error) {
    const why = error instanceof SyntaxError ? "is not JSON" : "cannot be read";
    throw new BytesperError("BAD_INPUT", `${file} ${why}; give the rollback.json of a staged rollout.`, {
      cause: error,
    });
  }
  // A schema library would make the start of the runner slower, which loads this file too.
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
