import { z } from "zod";
import { BytesperError } from "../../base/errors.js";
import { parseSize } from "../../base/size.js";
import { suggestion } from "../../base/nearest-name.js";

/** The limit that one key of a budget sets. */
export type Limit =
  | { kind: "perUnit"; key: string; bytes: number; text: string }
  | { kind: "growth"; key: string; share: number; text: string }
  | { kind: "growthPerCall"; key: string; bytes: number; text: string }
  | { kind: "capacity"; key: string; memoryBytes: number; atLeast: number; text: string }
  | { kind: "residual"; key: string; share?: number; bytes?: number; text: string };

export interface Budget {
  experiment: string;
  limits: Limit[];
  /** Why each budget was raised, by its key. */
  reasons: Readonly<Record<string, string>>;
}

const size = z.union([z.string(), z.number()], 'give a size such as "8 kB"').transform((value, context) => {
  try {
    return { bytes: parseSize(String(value)), text: String(value) };
  } catch {
    context.addIssue({ code: "custom", message: `${show(value)} is not a size; give one such as "8 kB"` });
    return z.NEVER;
  }
});

const share = z.string('give a percentage such as "2 %"').transform((value, context) => {
  const [, digits] = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(value) ?? [];
  if (digits !== undefined) return { share: Number(digits) / 100, text: value };
  context.addIssue({ code: "custom", message: `${show(value)} is not a percentage; give one such as "2 %"` });
  return z.NEVER;
});

const residual = z
  .string('give a percentage or a size, such as "30 %" or "4 kB"')
  .transform((value, context) => {
    const parsed = value.includes("%") ? share.safeParse(value) : size.safeParse(value);
    if (parsed.success) return parsed.data;
    context.addIssue({
      code: "custom",
      message: `${show(value)} is neither a percentage nor a size; give one such as "30 %" or "4 kB"`,
    });
    return z.NEVER;
  });

const capacity = z.strictObject({ memory: size, atLeast: z.int().positive() });

/** Names of the keys for a unit: `perSession`, `maxSessions`. */
export function keysOf(unit: string): { perUnit: string; capacity: string } {
  const word = unit
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== "")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
  return { perUnit: `per${word}`, capacity: `max${word}s` };
}

/**
 * Checks the budgets of one experiment in a config. Throws `BAD_INPUT` with the wrong key and the nearest
 * known one. A key of another unit is wrong too.
 */
export function parseBudget(experiment: string, unit: string, raw: unknown, file: string): Budget {
  const keys = keysOf(unit);
  const schema = z.strictObject({
    file: z.string().optional(),
    reasons: z.record(z.string(), z.string()).optional(),
    [keys.perUnit]: size.optional(),
    growth: share.optional(),
    growthPerCall: size.optional(),
    [keys.capacity]: capacity.optional(),
    residual: residual.optional(),
  });
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const allowed = [keys.perUnit, "growth", "growthPerCall", keys.capacity, "residual", "file", "reasons"];
    throw bad(`${file}: ${experiment}${problemOf(parsed.error.issues[0], allowed, unit)}`);
  }
  const values = parsed.data as Record<string, unknown>;
  const limits: Limit[] = [];
  const perUnit = values[keys.perUnit] as { bytes: number; text: string } | undefined;
  if (perUnit !== undefined) limits.push({ kind: "perUnit", key: keys.perUnit, ...perUnit });
  const growth = values.growth as { share: number; text: string } | undefined;
  if (growth !== undefined) limits.push({ kind: "growth", key: "growth", ...growth });
  const left = values.growthPerCall as { bytes: number; text: string } | undefined;
  if (left !== undefined) limits.push({ kind: "growthPerCall", key: "growthPerCall", ...left });
  const room = values[keys.capacity] as z.infer<typeof capacity> | undefined;
  if (room !== undefined)
    limits.push({
      kind: "capacity",
      key: keys.capacity,
      memoryBytes: room.memory.bytes,
      atLeast: room.atLeast,
      text: `at least ${room.atLeast.toLocaleString("en-US")} in ${room.memory.text}`,
    });
  const rest = values.residual as
    { share: number; text: string } | { bytes: number; text: string } | undefined;
  if (rest !== undefined) limits.push({ kind: "residual", key: "residual", ...rest });
  if (limits.length === 0)
    throw bad(
      `${file}: ${experiment} has no budget; give ${keys.perUnit}, growth, growthPerCall, ${keys.capacity} or residual`,
    );
  return { experiment, limits, reasons: (values.reasons as Record<string, string> | undefined) ?? {} };
}

/** The top level of a config: an object of objects. Throws `BAD_INPUT`. */
export function experimentsOf(config: unknown, file: string): Map<string, { file?: string }> {
  const parsed = z.record(z.string(), z.looseObject({ file: z.string().exactOptional() })).safeParse(config);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? "it" : `"${issue.path.join(".")}"`;
    throw bad(
      `${file} is not a config of budgets: ${place} must be ${issue?.path.length === 2 ? "the path of an experiment file" : 'an object, such as { "session-scaling": { "perSession": "8 kB" } }'}`,
    );
  }
  const entries = new Map(Object.entries(parsed.data));
  if (entries.size === 0)
    throw bad(`${file} holds no budget; give one such as { "session-scaling": { "perSession": "8 kB" } }`);
  return entries;
}

function problemOf(issue: z.core.$ZodIssue | undefined, allowed: readonly string[], unit: string): string {
  if (issue === undefined) return " is not a budget";
  if (issue.code === "unrecognized_keys" && issue.path.length === 0) {
    const key = issue.keys[0] ?? "";
    const near = suggestion(key, allowed) || `; the keys are ${allowed.join(", ")}`;
    return ` has the key "${key}", which is none of an experiment whose unit is the ${unit}${near}`;
  }
  const place = issue.path.length === 0 ? "" : `.${issue.path.join(".")}`;
  if (issue.code === "unrecognized_keys")
    return `${place} has the key "${issue.keys[0] ?? ""}", which is none of it; give { "memory": "2 GiB", "atLeast": 100000 }`;
  if (issue.code === "custom") return `${place}: ${issue.message}`;
  if (issue.path.length === 2 || issue.path[0] === keysOf(unit).capacity)
    return `${place} is not as expected; give { "memory": "2 GiB", "atLeast": 100000 }, the second a whole number`;
  return `${place} is ${issue.code === "invalid_type" || issue.code === "invalid_union" ? "of another kind" : "wrong"}; ${issue.message}`;
}

function show(value: unknown): string {
  return JSON.stringify(value);
}

function bad(message: string): BytesperError {
  return new BytesperError("BAD_INPUT", `${message}.`);
}
