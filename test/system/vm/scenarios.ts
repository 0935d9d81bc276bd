import type { Enforcement, LimitEvidence } from "../../../src/runner/limits/index.js";
import type { Supervised } from "../../../src/runner/limits/supervised.js";
import { runSupervised } from "../../../src/runner/limits/supervised.js";
import { hog, hogInGrandchild, spike, steady, twoHolders } from "./children.js";

// What the tests of caps do, on this machine or in a virtual one: figures, without judgement.

export const MIB = 2 ** 20;
export const CAP_BYTES = 512 * MIB;
const TIME_LIMIT_MS = 120_000;

export interface Cell extends Supervised {
  evidence: LimitEvidence;
}

let cells = 0;

/** Runs a child to its end under a cap, or under none. */
export async function runCell(
  enforcement: Enforcement,
  capBytes: number | undefined,
  command: string[],
): Promise<Cell> {
  cells += 1;
  const limit = await enforcement.open({ id: `scenario-${cells}`, capBytes });
  try {
    const supervised = await runSupervised(limit, command, TIME_LIMIT_MS);
    return { ...supervised, evidence: await limit.close() };
  } finally {
    await limit.close();
  }
}

/** The largest number that a child said. */
export function mostSaid(said: readonly string[]): number {
  return Math.max(0, ...said.map(Number).filter((value) => value > 0));
}

/** A hog that wants four times its cap beside a cell that works under its own. */
export async function hogAndNeighbour(enforcement: Enforcement): Promise<{ hog: Cell; neighbour: Cell }> {
  const [hogCell, neighbour] = await Promise.all([
    runCell(enforcement, CAP_BYTES, hog(4 * CAP_BYTES, 2)),
    runCell(enforcement, 256 * MIB, steady(64 * MIB, 50)),
  ]);
  return { hog: hogCell, neighbour };
}

export interface Spike {
  cell: Cell;
  /** Of the child, by itself; `fileBytes` of them are pages that the group need not be charged for. */
  vmHwmBytes: number;
  vmRssBytes: number;
  fileBytes: number;
}

/** A child that touches 600 MiB and gives them back before it ends. */
export async function spikeAndFree(enforcement: Enforcement): Promise<Spike> {
  const cell = await runCell(enforcement, undefined, spike(600 * MIB));
  const own = JSON.parse(cell.said.at(-1) ?? "{}") as Omit<Spike, "cell">;
  return { cell, ...own };
}

/** Two processes of 300 MiB under one cap of 512 MiB. */
export function tree(enforcement: Enforcement): Promise<Cell> {
  return runCell(enforcement, CAP_BYTES, twoHolders(300 * MIB));
}

/** The main process is small and outlives a child that goes over the cap. */
export function grandchild(enforcement: Enforcement): Promise<Cell> {
  return runCell(enforcement, CAP_BYTES, hogInGrandchild(4 * CAP_BYTES));
}
