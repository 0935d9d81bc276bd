import { join } from "node:path";
import { setImmediate as nextTask } from "node:timers/promises";
import { writeHeapSnapshot } from "node:v8";
import { loadSubject } from "../../measure/load-subject.js";
import { Population } from "../../measure/population.js";
import { fullGc } from "../../measure/gc.js";
import type { ContextData, SubjectReference } from "../../experiment/subject.js";

/** Requests two heap snapshots. Between them, instances are created and dropped. */
export interface LeakWork {
  kind: "leak";
  subject: SubjectReference;
  context: ContextData;
  instances: number;
  folder: string;
}

export const BEFORE = "before.heapsnapshot";
export const AFTER = "after.heapsnapshot";

/** Writes the two snapshots. Objects that are only in the second one were left by the dropped instances. */
export async function writeLeakSnapshots(work: LeakWork): Promise<{ instances: number }> {
  const { gc } = fullGc();
  const context = { ...work.context, emit: () => undefined };
  const subject = await loadSubject(work.subject);
  await subject.prepare?.(context);
  const population = new Population(subject, context, work.instances, work.subject.name);
  const makeAndDrop = async (): Promise<void> => {
    const filling = population.fill(work.instances);
    if (filling !== undefined) await filling;
    await nextTask();
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
    // Two collections: finalizers of the first one free memory for the second.
    for (let turn = 0; turn < 2; turn++) {
      gc.collect();
      await nextTask();
    }
  };
  await makeAndDrop();
  writeHeapSnapshot(join(work.folder, BEFORE));
  await makeAndDrop();
  writeHeapSnapshot(join(work.folder, AFTER));
  return { instances: work.instances };
}
