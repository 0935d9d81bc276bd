import { z } from "zod";
import { parseDuration } from "../../base/duration.js";
import { BytesperError } from "../../base/errors.js";
import { MOST_CONFIG_BYTES, readLimited } from "../../base/read-limited.js";
import { sentence } from "../../base/sentence.js";

const duration = z.union([z.number().positive(), z.string()]);
const rule = z.strictObject({
  name: z.string().optional(),
  when: z.union([
    z.string(),
    z.strictObject({
      reading: z.string(),
      above: z.union([z.number(), z.string()]).optional(),
      below: z.union([z.number(), z.string()]).optional(),
    }),
  ]),
  release: z.union([z.number(), z.string()]).optional(),
  forSamples: z.number().int().positive().optional(),
  cooldown: z.union([z.number().nonnegative(), z.string()]).optional(),
  action: z
    .union([
      z.enum(["warn", "block", "cleanup", "stop"]),
      z.strictObject({ skip: z.union([z.string(), z.array(z.string()).nonempty()]) }),
    ])
    .optional(),
});
const schema = z.strictObject({
  $schema: z.string().optional(),
  rules: z.array(z.union([z.string(), rule])).nonempty(),
  numbers: z.union([z.array(z.string()), z.record(z.string(), z.union([z.number(), z.null()]))]).optional(),
  sample: duration.optional(),
  grace: duration.optional(),
  device: z.number().int().nonnegative().optional(),
});

export type FileRule = z.infer<typeof rule>;

export interface RulesFile {
  rules: (string | FileRule)[];
  /** Null for a number that the program reports. */
  numbers: Record<string, number | null>;
  sampleMs: number;
  /** Time between SIGTERM and SIGKILL. */
  graceMs: number;
  device?: number;
}

const DEFAULT_SAMPLE_MS = 500;
const DEFAULT_GRACE_MS = 10_000;
/** One sample of the tree takes some milliseconds. */
const LEAST_SAMPLE_MS = 20;

/** Throws `BAD_INPUT` with the file and the position in it. */
export function readRulesFile(path: string): RulesFile {
  const checked = schema.safeParse(parsed(path));
  if (!checked.success) {
    const { path: place, message } = deepest(checked.error.issues);
    const where = place.length === 0 ? "at its top" : `at ${place.join(".")}`;
    throw bad(path, `${where}: ${message.replace(/\.$/, "")}`);
  }
  const { rules, numbers = {}, sample, grace, device } = checked.data;
  const sampleMs = milliseconds(path, "sample", sample, DEFAULT_SAMPLE_MS);
  if (sampleMs < LEAST_SAMPLE_MS) throw bad(path, `at sample: expected at least ${LEAST_SAMPLE_MS} ms`);
  return {
    rules,
    numbers: Array.isArray(numbers) ? Object.fromEntries(numbers.map((name) => [name, null])) : numbers,
    sampleMs,
    graceMs: milliseconds(path, "grace", grace, DEFAULT_GRACE_MS),
    ...(device !== undefined && { device }),
  };
}

function parsed(path: string): unknown {
  let text: string;
  try {
    text = readLimited(path, MOST_CONFIG_BYTES);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw bad(
      path,
      code === "ENOENT" ? "there is no such file" : `it cannot be read (${code ?? sentence(error)})`,
    );
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw bad(path, `it is not JSON: ${(error as Error).message}`);
  }
}

type Issue = z.core.$ZodIssue;

/** If several forms are allowed, returns the problem in the form that matches furthest. */
function deepest(
  issues: readonly Issue[],
  above: readonly PropertyKey[] = [],
): { path: string[]; message: string } {
  const found = issues.map((issue) => {
    const path = [...above, ...issue.path];
    const here = { path: path.map(String), message: issue.message };
    if (issue.code !== "invalid_union") return here;
    const inner = issue.errors.map((errors) => deepest(errors, path));
    const [best] = inner.sort((a, b) => b.path.length - a.path.length);
    return best !== undefined && best.path.length > path.length ? best : (unionOf(inner, here) ?? here);
  });
  return found.reduce((best, next) => (next.path.length > best.path.length ? next : best));
}

/** An unknown key explains the problem better than "invalid input". */
function unionOf(
  inner: readonly { path: string[]; message: string }[],
  here: { path: string[] },
): { path: string[]; message: string } | undefined {
  const keys = inner.find(({ message }) => message.startsWith("Unrecognized key"));
  return keys === undefined ? undefined : { path: here.path, message: keys.message };
}

function milliseconds(path: string, key: string, given: number | string | undefined, usual: number): number {
  if (given === undefined || typeof given === "number") return given ?? usual;
  try {
    return parseDuration(given);
  } catch (error) {
    if (error instanceof BytesperError) throw bad(path, `at ${key}: ${sentence(error)}`);
    throw error;
  }
}

function bad(path: string, problem: string): BytesperError {
  return new BytesperError(
    "BAD_INPUT",
    `The rules ${path} cannot be used: ${problem}; see docs/guard.md for an example.`,
  );
}
