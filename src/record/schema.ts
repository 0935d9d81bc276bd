import { z } from "zod";
import { BytesperError } from "../base/errors.js";
import { SHAPES } from "../base/stats/shape.js";
import { COLUMN_UNITS } from "../experiment/column-spec.js";
import { FIGURE_KINDS } from "../experiment/figure-spec.js";
import { isAbsent } from "../system/probe/reading.js";
import { COMPILERS } from "./cell.js";
import { OUTCOMES } from "./cell-end.js";
import { WALLS } from "./fits.js";
import { rollout } from "./rollout-schema.js";
import { RESULT_SCHEMA } from "./schema-version.js";

const absent = z.object({ absent: z.string() });
const interval = z.object({ value: z.number(), low: z.number(), high: z.number() });
/** Known only to be larger than a bound: what was measured did not fit into memory. */
const censored = z.object({ above: z.number(), reason: z.string() });
const reading = z.union([interval, absent]);
const rowReading = z.union([interval, absent, censored]);
const factors = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));
export const warning = z.object({ name: z.string(), message: z.string() });
const named = z.object({
  name: z.string(),
  bytes: z.union([z.number(), absent]),
  note: z.string().optional(),
});

const ledger = z.object({
  instances: z.number(),
  lines: z.array(named),
  pssChangeBytes: z.number(),
  unexplainedBytes: z.number(),
});

const outcome = z.enum(OUTCOMES);

/** What the repetitions of a row say about one reading. */
const statistics = z.object({
  /** Number of runs that the numbers are over. */
  n: z.number(),
  mean: z.number(),
  /** Of the sample, with n - 1 in the divisor. */
  standardDeviation: z.union([z.number(), absent]),
  median: z.number(),
  /** The interval of the mean, and how it was computed. */
  interval: z.union([
    z.object({
      low: z.number(),
      high: z.number(),
      confidence: z.number(),
      method: z.enum(["t", "bootstrap-t"]),
      resamples: z.number().optional(),
      seed: z.number().optional(),
      cutAt: z.array(z.number()).optional(),
    }),
    absent,
  ]),
  /** Runs that the numbers lack. */
  leftOut: z.array(z.object({ runs: z.number(), why: z.string() })).optional(),
});

/** Whether a capacity was searched with real processes, or follows from lines. */
const basis = z.enum(["measured", "predicted"]);
const wall = z.enum(WALLS);

const capacityRow = z.object({
  memoryBytes: z.number(),
  basis,
  fits: z.number(),
  /** The smallest population that died, if it was searched. */
  dies: z.number().optional(),
  wall,
  /** With V8's limit moved out of the way of the container. */
  heapRaised: z.number(),
  heapRaisedBasis: basis.optional(),
  /** With a search, what the lines said. */
  predicted: z.number().optional(),
});

/** How many units one process holds; results of earlier versions have only the first two and the formula. */
const capacity = z.object({
  perGiB: z.number(),
  perGB: z.number(),
  heapRaisedPerGiB: z.number().optional(),
  heapRaisedPerGB: z.number().optional(),
  basis: basis.optional(),
  formula: z.string(),
  rows: z.array(capacityRow).optional(),
});

const row = z.object({
  factors,
  outcome,
  trials: z.number(),
  instances: z.number(),
  /** Units in one instance, such as messages in a session. */
  unitsPerInstance: z.number(),
  /** Changes since the reading before the first instance was made; keys carry the counter and the unit. */
  readings: z.record(z.string(), rowReading),
  perInstanceBytes: reading.optional(),
  perUnitBytes: reading,
  cause: z.string().optional(),
  /** Cap on the memory of the cell's process tree, and how it was enforced. */
  capBytes: z.number().optional(),
  enforcement: z.string().optional(),
  /** Where `readings.peakBytes` comes from, and whether it is exact. */
  peakSource: z.string().optional(),
  /** Bytes that a formula predicts for the whole cell. */
  estimate: z.object({ bytes: z.number(), formula: z.string() }).optional(),
  measuredOverEstimate: z.number().optional(),
  /** Each repetition, counted from 1, with its seed where it has one of its own. */
  runs: z
    .array(
      z.object({
        repetition: z.number(),
        seed: z.union([z.number(), z.string(), z.boolean()]).optional(),
        outcome: z.enum([...OUTCOMES, "not-run"]),
      }),
    )
    .optional(),
  /** Only for several repetitions of a program or command: the statistics of each reading. */
  statistics: z.record(z.string(), statistics).optional(),
  /** Readings over the steps of the first trial, for figures: at most 200 points each. */
  series: z
    .array(
      z.object({ reading: z.string(), over: z.string(), points: z.array(z.tuple([z.number(), z.number()])) }),
    )
    .optional(),
});

export const table = z.looseObject({
  title: z.string(),
  columns: z.array(
    z.object({
      title: z.string(),
      from: z.string(),
      unit: z.enum(COLUMN_UNITS).exactOptional(),
    }),
  ),
  notes: z.array(z.string()).exactOptional(),
});

export const figure = z.looseObject({
  title: z.string(),
  name: z.string().exactOptional(),
  x: z.string(),
  y: z.array(
    z.union([
      z.string(),
      z.looseObject({
        from: z.string(),
        name: z.string().exactOptional(),
        estimated: z.boolean().exactOptional(),
        group: z.string().exactOptional(),
        stack: z.string().exactOptional(),
      }),
    ]),
  ),
  kind: z.enum(FIGURE_KINDS).exactOptional(),
  log: z.array(z.enum(["x", "y"])).exactOptional(),
  xLabel: z.string().exactOptional(),
  yLabel: z.string().exactOptional(),
  part: z.string().exactOptional(),
  where: factors.exactOptional(),
  largest: z.string().exactOptional(),
  marks: z
    .array(
      z.looseObject({
        axis: z.enum(["x", "y"]),
        at: z.union([z.number(), z.string()]),
        label: z.string(),
        part: z.string().exactOptional(),
        where: factors.exactOptional(),
      }),
    )
    .exactOptional(),
  wide: z.boolean().exactOptional(),
  panels: z.boolean().exactOptional(),
});

const line = z.object({
  perUnitBytes: interval,
  fixedBytes: interval,
  shape: z.enum(SHAPES),
  /** Largest distance of a level from the line, as a share of the rise. */
  largestDeviation: z.number(),
  processes: z.number(),
  points: z.number(),
  /** Probability that the interval covers the median over processes. */
  confidence: z.number(),
});

/** A result of an earlier version lacks the fields that are optional here. */
const fit = z.object({
  ...line.shape,
  /**
   * What one unit costs the process: heap, external, native beyond external, and what only the kernel sees.
   * The parts add up to its value.
   */
  totalPerUnitBytes: reading.optional(),
  parts: z.array(z.object({ name: z.string(), bytes: z.number() })).optional(),
  nativePerUnitBytes: reading,
  externalPerUnitBytes: reading,
  /** Slope of the anonymous memory (PSS) that the kernel counts. */
  kernelPerUnitBytes: reading.optional(),
  /** What V8 takes from malloc to keep the books of its pages; not in the total. */
  bookkeepingPerUnitBytes: z.number().optional(),
  /** Which populations the line is through: the first one of each process, or those after a warm-up. */
  readFrom: z.enum(["cold", "warm"]).optional(),
  /** The reading that the line was fitted to, if it is not the heap. */
  source: z.string().optional(),
});

/** How units differ from each other, apart from the interval of the instrument. */
const units = z.object({
  /** Number of units whose sizes were told apart. */
  count: z.number(),
  mean: z.number(),
  /** The middle 95 % of the means of resampled units. */
  low: z.number(),
  high: z.number(),
  median: z.number(),
  p95: z.number(),
  largest: z.number(),
});

/** What stays for each instance that was made and dropped (or released). */
const leak = z.object({
  /** Instances that each process made between its two empty readings. */
  made: z.number(),
  retainedPerInstanceBytes: reading,
  /** All of malloc, which holds most of what V8 counts as external too. */
  nativePerInstanceBytes: reading,
  /** Malloc less what V8 counts as external: this and the first add up. Results of earlier versions lack it. */
  undeclaredPerInstanceBytes: reading.optional(),
  kernelPerInstanceBytes: reading,
});

const comparison = z.object({
  measuredOverEstimate: z.number(),
  residualBytes: z.number(),
  /** What the residual consists of; the bytes add up to the residual. */
  residual: z.array(z.object({ name: z.string(), bytes: z.number() })),
});

const estimate = z.object({ name: z.string(), perUnitBytes: z.number(), formula: z.string() });

export const environment = z.object({
  node: z.string(),
  v8: z.string(),
  os: z.string(),
  arch: z.string(),
  cpu: z.string(),
  memoryBytes: z.number(),
  devices: z.array(z.object({ name: z.string(), totalBytes: z.number(), driver: z.string() })),
  /** Why `devices` does not say which devices there are. */
  devicesAbsent: z.string().optional(),
  enforcement: z.string(),
  commit: z.union([z.string(), absent]),
  compilers: z.enum(COMPILERS),
  flags: z.array(z.string()),
});

export const settings = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));

/**
 * The one definition of a result: its type, its check at run time and its published JSON Schema come from
 * here.
 */
const resultSchema = z.object({
  schema: z.literal(RESULT_SCHEMA),
  experiment: z.string(),
  title: z.string(),
  question: z.string().optional(),
  unit: z.string(),
  runId: z.string(),
  /** Path of the journal, relative to the results folder. */
  journal: z.string().optional(),
  journalSha256: z.string().optional(),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** False when rows lack trials, because of an interrupt or failed cells. */
  complete: z.boolean(),
  missing: z.array(z.string()),
  environment,
  settings,
  rows: z.array(row),
  /** Further questions of the experiment, each with cells and a table of its own. */
  followUps: z.array(z.object({ name: z.string(), table, rows: z.array(row) })).optional(),
  fit: z.union([fit, absent]),
  /**
   * Only for commands: the line of each reading in bytes, for each combination of the factors except the
   * population.
   */
  lines: z.array(z.object({ others: factors, reading: z.string(), ...line.shape })).optional(),
  crossCheck: z.union([
    z.object({
      snapshotPerUnitBytes: z.number(),
      slopePerUnitBytes: z.number(),
      relativeDifference: z.number(),
      instances: z.number(),
      factors,
      /** Change of heap + external from making the same instances as in the snapshot, per unit. */
      sameInstancesPerUnitBytes: z.number(),
      /** Growth of the whole heap between two snapshots, which holds what is kept outside the instances too. */
      wholeHeapPerUnitBytes: z.number().optional(),
    }),
    absent,
  ]),
  leak: z.union([leak, absent]).optional(),
  units: z.union([units, absent]).optional(),
  /** What holds the instances beside the measurement: the way from one instance to a name in the program. */
  holder: z.array(z.string()).optional(),
  /** What instances refer to, that was there before them or that all share; not counted. */
  shared: z.object({ bytes: z.number(), perUnitBytes: z.number(), what: z.string() }).optional(),
  minimumDetectableBytes: z.number(),
  nullControl: z.union([
    z.object({ processes: z.number(), largestBytes: z.number(), pssBytes: reading, rssBytes: reading }),
    absent,
  ]),
  /** By class, bytes and count per unit. */
  breakdown: z.array(z.object({ type: z.string(), bytes: z.number(), count: z.number() })),
  kinds: z.array(z.object({ kind: z.string(), bytes: z.number(), count: z.number() })),
  waste: z.array(named),
  ledger: z.union([ledger, absent]),
  estimate: estimate.optional(),
  comparison: comparison.optional(),
  estimates: z.array(z.object({ ...estimate.shape, comparison })),
  capacity: capacity.optional(),
  calibration: z.union([
    z.object({
      /** Time of the calibration, if an earlier run made it with the same programs on the same machine. */
      rememberedFrom: z.string().optional(),
      gcCall: z.string(),
      gcProof: z.array(z.string()),
      gcSurvey: z.array(z.object({ call: z.string(), proof: z.array(z.string()) })),
      checks: z.array(z.object({ name: z.string(), expectedBytes: z.number(), measuredBytes: z.number() })),
    }),
    absent,
  ]),
  /** Largest level that fits under a cap, for each combination of the other factors. */
  frontiers: z
    .array(
      z.object({
        factor: z.string(),
        others: factors,
        /** Absent if even the smallest level does not fit. */
        fits: z.number().optional(),
        /** Absent if even the largest level fits. */
        failsAt: z.number().optional(),
        cellsRun: z.number(),
        cellsSaved: z.number(),
      }),
    )
    .optional(),
  /**
   * Only for a rollout in stages: the verdicts, the stage that fails first, and the flags to roll back to.
   */
  rollout: rollout.optional(),
  table: table.optional(),
  /** Figures that the experiment asks for, in addition to those that every result of its kind has. */
  figures: z.array(figure).optional(),
  /** The sentence that answers the question, or why there is none. */
  answer: z.union([z.string(), absent]).optional(),
  findings: z.array(z.string()).optional(),
  warnings: z.array(warning),
});

export type Result = z.infer<typeof resultSchema>;
export type ResultRow = z.infer<typeof row>;
export type ResultStatistics = z.infer<typeof statistics>;
export type Capacity = z.infer<typeof capacity>;
export type CapacityRow = z.infer<typeof capacityRow>;
export type ResultFit = z.infer<typeof fit>;
export type ResultLine = NonNullable<Result["lines"]>[number];
export type ResultReading = z.infer<typeof reading>;
export type ResultRowReading = z.infer<typeof rowReading>;
export type ResultWarning = z.infer<typeof warning>;

/**
 * The published JSON Schema of a result. It allows unknown keys, because a later minor version may add some.
 */
export function resultJsonSchema(): Record<string, unknown> {
  return { title: RESULT_SCHEMA, ...z.toJSONSchema(resultSchema, { io: "input" }) };
}

/** Parses a result. Throws `BAD_RESULT` with the name of the file and the first field that is wrong. */
export function parseResult(text: string, file: string): Result {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new BytesperError("BAD_RESULT", `${file} is not JSON; run the experiment again.`, { cause: error });
  }
  requireSchema(document, file);
  const parsed = resultSchema.safeParse(document);
  // Returns the document and not `parsed.data`, which lacks the keys that this version does not know.
  const odd = parsed.success ? oddAbsent(document) : undefined;
  if (parsed.success && odd === undefined) return document as Result;
  const { path, message } = odd ?? problemOf(parsed.error?.issues[0], document);
  const place = path.join(".") || "the document";
  throw new BytesperError("BAD_RESULT", `${file} is not a result: ${place}: ${message}.`);
}

/** Objects whose keys are names that users gave: one of them may be "absent". */
const NAMED_BY_USERS = new Set(["factors", "others", "readings"]);

/** What a result may have; deeper are only unknown keys, which nobody reads. */
const DEEPEST = 20;

/**
 * A key "absent" that is no text. Where a value may be absent, it also passes as an unknown key of what is there, and
 * the value would be taken for absent without a reason.
 */
function oddAbsent(value: unknown, path: string[] = []): { path: string[]; message: string } | undefined {
  if (typeof value !== "object" || value === null || path.length > DEEPEST) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const own = [...path, key];
    const isNamed = NAMED_BY_USERS.has(path.at(-1) ?? "");
    if (key === "absent" && !isNamed && typeof inner !== "string")
      return { path: own, message: `Invalid input: expected string, received ${typeof inner}` };
    const odd = oddAbsent(inner, own);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

/** Throws if the document names another schema than the one that this version reads. */
function requireSchema(document: unknown, file: string): void {
  const schema = (document as { schema?: unknown } | null)?.schema;
  if (typeof schema !== "string" || schema === RESULT_SCHEMA) return;
  const [name, major] = schema.split("@");
  const [ownName, ownMajor] = RESULT_SCHEMA.split("@");
  const newer = name === ownName && Number(major) > Number(ownMajor);
  throw new BytesperError(
    "BAD_RESULT",
    `${file} has the schema ${schema}, this version reads ${RESULT_SCHEMA}; ${newer ? "use a newer bytesper" : "give the result.json of an experiment"}.`,
  );
}

interface Problem {
  path: PropertyKey[];
  message: string;
}

/**
 * Finds the innermost field that is wrong. For a union, zod says only that no branch fits. Then this takes
 * the branch that the document means: the absent one if it has that key.
 */
function problemOf(
  issue: z.core.$ZodIssue | undefined,
  document: unknown,
  above: readonly PropertyKey[] = [],
): Problem {
  if (issue === undefined) return { path: [...above], message: "invalid" };
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_union") {
    const meansAbsent = isAbsent(valueAt(document, path));
    // No branch of a reading is a field that is missing.
    if (valueAt(document, path) === undefined) return { path, message: "it is missing" };
    const branch = issue.errors.find(
      (issues) => issues.some((inner) => inner.path[0] === "absent") === meansAbsent,
    );
    if (branch !== undefined) return problemOf(branch[0], document, path);
  }
  return { path, message: issueText(issue) };
}

/** The words of zod, without its word for what is not there. */
export function issueText({ message }: z.core.$ZodIssue): string {
  return message.replace(/^Invalid input: expected (.*), received undefined$/, "it is missing, expected $1");
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key],
    document,
  );
}
