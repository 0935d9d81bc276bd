import { getHeapStatistics } from "node:v8";
import type { Estimate, SubjectContext } from "../experiment/define.js";
import { BytesperError } from "../base/errors.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import { fullGc } from "./protocol.js";
import type { ContextData, SubjectReference } from "../experiment/subject.js";

/** The rough cost of one instance. It decides how many instances a measurement can afford. */
export interface Pilot {
  createMs: number;
  /** Rough bytes of one instance: heap and external. */
  instanceBytes: number;
  heapLimitBytes: number;
  /** What the subject's own `estimate` says, if it has one. */
  estimates: Estimate[];
}

const BUDGET_MS = 80;

/**
 * Makes 1, 4, 16, ... instances until 80 ms have passed, at most a thousand. Mistakes in `create` show here.
 */
export async function runPilot(
  subjectReference: SubjectReference,
  data: ContextData,
  emit: (record: unknown) => void,
): Promise<Pilot> {
  const { gc } = fullGc();
  const context: SubjectContext = { ...data, emit };
  const subject = await loadSubject(subjectReference);
  await subject.prepare?.(context);
  const population = new Population(subject, context, 1024, subjectReference.name);
  const start = performance.now();
  const estimates = estimatesOf(await subject.estimate?.(context), subjectReference.name);
  let pilot: Pilot;
  let size = 1;
  do {
    gc.collect();
    const before = getHeapStatistics();
    const made = performance.now();
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    const createMs = (performance.now() - made) / size;
    gc.collect();
    const after = getHeapStatistics();
    const bytes =
      after.used_heap_size + after.external_memory - before.used_heap_size - before.external_memory;
    pilot = {
      createMs,
      instanceBytes: Math.max(0, bytes / size),
      heapLimitBytes: after.heap_size_limit,
      estimates,
    };
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
    size *= 4;
  } while (performance.now() - start < BUDGET_MS && size <= 1024);
  return pilot;
}

function estimatesOf(answer: unknown, name: string): Estimate[] {
  if (answer === undefined) return [];
  const list: unknown[] = Array.isArray(answer) ? answer : [answer];
  return list.map((entry) => {
    const estimate = typeof entry === "number" ? { bytes: entry, formula: `${entry} bytes` } : entry;
    const { bytes, formula } = (estimate ?? {}) as Partial<Estimate>;
    if (typeof bytes === "number" && bytes > 0 && typeof formula === "string") return estimate as Estimate;
    throw new BytesperError(
      "BAD_SUBJECT",
      `estimate of ${name} must return bytes per instance as a number above 0, or { bytes, formula }.`,
    );
  });
}
