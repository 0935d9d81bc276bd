import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as nextTask } from "node:timers/promises";
import type { SubjectContext } from "../experiment/define.js";
import { BytesperError } from "../base/errors.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import { fullGc } from "./protocol.js";
import type { SettledReading } from "./settle.js";
import { SettledLog } from "./settle.js";
import { holdPopulation, writePopulationSnapshot } from "./snapshot/write.js";
import type { ContextData, SubjectReference } from "../experiment/subject.js";

export interface SnapshotSpec {
  subject: SubjectReference;
  context: ContextData;
  instances: number;
  path: string;
}

export interface SnapshotCellData {
  instances: number;
  /** Live heap when the snapshot was written, bytes. */
  heapBytes: number;
  /** Change of heap + external in this process from making exactly these instances, bytes per instance. */
  heapChangePerInstanceBytes: number;
}

/**
 * Extra instances that stay reachable beside the counted ones. What all instances share is reachable through
 * them too, so it is not charged to the counted ones.
 */
const WITNESSES = 4;

/**
 * Makes a population after a warm-up and writes the heap snapshot that another process parses. Throws
 * `NO_SPACE` before writing when the disk has too little space.
 */
export async function runSnapshotCell(
  spec: SnapshotSpec,
  emit: (record: unknown) => void,
): Promise<SnapshotCellData> {
  const { gc } = fullGc();
  const context: SubjectContext = { ...spec.context, emit };
  const subject = await loadSubject(spec.subject);
  await subject.prepare?.(context);
  const total = spec.instances + WITNESSES;
  const population = new Population(subject, context, total, spec.subject.name);
  const log = new SettledLog(gc.collect);
  for (const size of [Math.min(100, total), total, WITNESSES, total]) {
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    await nextTask();
    log.take(size, population.created);
  }
  const [witnessesOnly, all] = log.rows().slice(-2) as [SettledReading, SettledReading];
  requireSpace(spec.path, all.heapBytes);
  const held = population.instances;
  holdPopulation(held.slice(0, spec.instances), held.slice(spec.instances));
  writePopulationSnapshot(spec.path);
  const heapChange =
    all.heapBytes + all.externalBytes - witnessesOnly.heapBytes - witnessesOnly.externalBytes;
  return {
    instances: spec.instances,
    heapBytes: all.heapBytes,
    heapChangePerInstanceBytes: heapChange / spec.instances,
  };
}

/** A snapshot takes about one to two times the live heap. This asks for twice the live heap and 16 MiB. */
function requireSpace(path: string, heapBytes: number): void {
  const folder = dirname(path);
  const { bavail, bsize } = statfsSync(folder);
  const needed = 2 * heapBytes + 2 ** 24;
  if (bavail * bsize >= needed) return;
  throw new BytesperError(
    "NO_SPACE",
    `The heap snapshot needs about ${Math.ceil(needed / 2 ** 20)} MiB in ${folder}, which has ${Math.floor((bavail * bsize) / 2 ** 20)} MiB left; free some, or set TMPDIR to a larger disk.`,
  );
}
