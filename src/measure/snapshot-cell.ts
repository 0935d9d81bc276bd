import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as nextTask } from "node:timers/promises";
import type { SubjectContext } from "../experiment/define.js";
import { BytesperError } from "../base/errors.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import { fullGc } from "./gc.js";
import type { SettledReading } from "./settle.js";
import { SettledLog } from "./settle.js";
import type { ViewWaste } from "./views.js";
import { viewWaste } from "./views.js";
import { holdPopulation, laterPath, writePopulationSnapshot } from "./snapshot/write.js";
import type { ContextData, SubjectReference } from "../experiment/subject.js";

export interface SnapshotSpec {
  subject: SubjectReference;
  context: ContextData;
  instances: number;
  path: string;
  /**
   * Whether two snapshots of the whole heap are written, the second one (at `path` and `.later`) with twice
   * the instances: their difference holds what is kept elsewhere too.
   */
  whole?: boolean;
}

export interface SnapshotCellData {
  instances: number;
  /** Live heap when the snapshot was written, bytes. */
  heapBytes: number;
  /** Change of heap + external in this process from making exactly these instances, bytes per instance. */
  heapChangePerInstanceBytes: number;
  /** Parts of array buffers that a small view keeps alive, over all instances. */
  viewWaste?: ViewWaste;
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
  if (spec.whole === true) return writeGrowth(spec, emit);
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
    await refill(population, size);
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
    viewWaste: viewWaste(held.slice(0, spec.instances)),
  };
}

/** Writes the heap with as many instances as asked, and then with as many again; none is dropped. */
async function writeGrowth(spec: SnapshotSpec, emit: (record: unknown) => void): Promise<SnapshotCellData> {
  const { gc } = fullGc();
  const context: SubjectContext = { ...spec.context, emit };
  const subject = await loadSubject(spec.subject);
  await subject.prepare?.(context);
  const population = new Population(subject, context, 2 * spec.instances, spec.subject.name);
  holdPopulation(population.instances, []);
  const log = new SettledLog(gc.collect);
  for (const [size, path] of [
    [spec.instances, spec.path],
    [2 * spec.instances, laterPath(spec.path)],
  ] as const) {
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    await nextTask();
    const row = log.take(size, population.created);
    requireSpace(path, log.rows()[row]?.heapBytes ?? 0);
    writePopulationSnapshot(path);
  }
  const [half, all] = log.rows() as [SettledReading, SettledReading];
  const change = all.heapBytes + all.externalBytes - half.heapBytes - half.externalBytes;
  return {
    instances: spec.instances,
    heapBytes: all.heapBytes,
    heapChangePerInstanceBytes: change / spec.instances,
  };
}

/**
 * The same instances again, as in the measured processes. A subject that refuses an index which it has seen
 * gets new ones.
 */
async function refill(population: Population, size: number): Promise<void> {
  const seen = population.created > 0;
  try {
    if (seen) population.repeat();
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
  } catch (error) {
    if (!seen || !(error instanceof BytesperError) || error.code !== "SUBJECT_THREW") throw error;
    population.renew();
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
  }
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
