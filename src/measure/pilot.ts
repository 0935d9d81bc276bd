import { getHeapStatistics } from "node:v8";
import type { Estimate, SubjectContext } from "../experiment/define.js";
import { BytesperError } from "../base/errors.js";
import { mallocInUse } from "../system/probe/malloc.js";
import { isAbsent } from "../system/probe/reading.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import type { FullGc } from "./gc.js";
import { fullGc } from "./gc.js";
import type { ContextData, SubjectReference } from "../experiment/subject.js";

/** The rough cost of one instance. It decides how many instances a measurement can afford. */
export interface Pilot {
  createMs: number;
  /** Rough bytes of one instance: heap with external memory or, if it is more, with malloc. */
  instanceBytes: number;
  heapLimitBytes: number;
  /** What the subject's own `estimate` says, if it has one. */
  estimates: Estimate[];
}

const BUDGET_MS = 80;

/**
 * Makes 4, 16, 64, ... instances until 80 ms have passed, at most a thousand. Mistakes in `create` show here.
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
  const estimates = estimatesOf(await subject.estimate?.(context), subjectReference.name);
  const pilot: Pilot = {
    createMs: 0,
    instanceBytes: 0,
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    estimates,
  };
  const round = async (size: number): Promise<void> => {
    const before = heldBytes(gc);
    const made = performance.now();
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    pilot.createMs = (performance.now() - made) / size;
    pilot.instanceBytes = Math.max(0, (heldBytes(gc) - before) / size);
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
  };
  // The first instances pay what is paid once (a library that is loaded at first use), which may take longer
  // and hold more than thousands of later ones.
  for (const size of [1, 4]) await round(size);
  const start = performance.now();
  try {
    for (let size = 4; size <= 1024 && performance.now() - start < BUDGET_MS; size *= 4) await round(size);
  } catch (error) {
    // The subject has no data for so many indices; the rounds before tell enough.
    if (!(error instanceof BytesperError) || error.code !== "SUBJECT_THREW") throw error;
  }
  return pilot;
}

/** What the process holds after a collection, roughly: heap with external memory or, if it is more, with malloc. */
export function heldBytes(gc: FullGc): number {
  gc.collect();
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  const malloc = mallocInUse();
  return heap + Math.max(external, isAbsent(malloc) ? 0 : malloc);
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
