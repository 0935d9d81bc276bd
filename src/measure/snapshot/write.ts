import { writeHeapSnapshot } from "node:v8";

/** The name by which the parser finds the population in the snapshot. */
class BytesperPopulation {
  readonly instances: readonly unknown[];
  readonly witnesses: readonly unknown[];

  constructor(instances: readonly unknown[], witnesses: readonly unknown[]) {
    this.instances = instances;
    this.witnesses = witnesses;
  }
}

let held: BytesperPopulation | undefined;

/** Keeps the counted instances and the witnesses reachable under the name that the parser looks for. */
export function holdPopulation(instances: readonly unknown[], witnesses: readonly unknown[]): void {
  held = new BytesperPopulation(instances, witnesses);
}

/** Writes the heap snapshot of this process to `path`; V8 collects garbage first. */
export function writePopulationSnapshot(path: string): void {
  if (held === undefined) throw new Error("no population is held");
  writeHeapSnapshot(path);
}

/** Where the second snapshot of a growth lies. */
export function laterPath(path: string): string {
  return `${path}.later`;
}
