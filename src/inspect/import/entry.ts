import { readFileSync, writeSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { writeHeapSnapshot } from "node:v8";
import { sentence } from "../../base/sentence.js";
import { finalizerOf } from "../../measure/finalizers.js";
import { fullGc } from "../../measure/gc.js";
import type { LedgerReading } from "../../measure/ledger.js";
import { readLedger } from "../../measure/ledger.js";
import { packageOfUrl } from "./package-of.js";

export interface ImportOrder {
  specifier: string;
  /** What this process looks at: each one would spoil the others. */
  mode: "bytes" | "time" | "snapshots";
  /** Where the two snapshots go. */
  folder?: string;
}

export interface ImportData {
  importMs: number;
  before?: LedgerReading;
  after?: LedgerReading;
  /** Time that the stack was in code of each package, ms. */
  packagesMs?: Record<string, number>;
}

const ANSWER = 3;
const SAMPLE_US = 200;

/**
 * Runs in a process of its own. `load` is an import of the module that `node` evaluates in the user's folder, so
 * that names of packages mean what they mean there.
 */
export async function run(load: (specifier: string) => Promise<unknown>): Promise<void> {
  try {
    const order = JSON.parse(readFileSync(0, "utf8")) as ImportOrder;
    send({ data: await answer(order, load) });
    process.exit(0);
  } catch (error) {
    send({ message: sentence(error) });
    process.exit(1);
  }
}

function send(answer: object): void {
  const bytes = Buffer.from(JSON.stringify(answer));
  for (let offset = 0; offset < bytes.length;) offset += writeSync(ANSWER, bytes, offset);
}

async function answer(
  order: ImportOrder,
  load: (specifier: string) => Promise<unknown>,
): Promise<ImportData> {
  const { gc } = fullGc();
  // Node loads parts of its loaders at the first module of each kind; they are no cost of this module.
  await load("data:text/javascript,export default 1");
  await load("node:module");
  const timed = async (): Promise<number> => {
    const start = performance.now();
    await load(order.specifier);
    return performance.now() - start;
  };
  switch (order.mode) {
    case "bytes": {
      readLedger();
      await finalizerOf(gc);
      const before = readLedger();
      const importMs = await timed();
      await finalizerOf(gc);
      return { importMs, before, after: readLedger() };
    }
    case "time":
      return profiled(timed);
    case "snapshots": {
      writeHeapSnapshot(`${order.folder ?? ""}/1.heapsnapshot`);
      const importMs = await timed();
      await finalizerOf(gc);
      writeHeapSnapshot(`${order.folder ?? ""}/2.heapsnapshot`);
      return { importMs };
    }
  }
}

async function profiled(timed: () => Promise<number>): Promise<ImportData> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_US });
  await session.post("Profiler.start");
  const importMs = await timed();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)),
  );
  const packages = new Map<number, string>();
  // A sample belongs to the package whose code is nearest on the stack; Node's loader compiles for its caller.
  const packageOf = (id: number): string => {
    const known = packages.get(id);
    if (known !== undefined) return known;
    const own = packageOfUrl(nodes.get(id)?.callFrame.url ?? "");
    const parent = parents.get(id);
    const found = own ?? (parent === undefined ? NO_PACKAGE : packageOf(parent));
    packages.set(id, found);
    return found;
  };
  const packagesMs: Record<string, number> = {};
  profile.samples?.forEach((id, place) => {
    const name = packageOf(id);
    packagesMs[name] = (packagesMs[name] ?? 0) + Math.max(0, profile.timeDeltas?.[place] ?? 0) / 1000;
  });
  return { importMs, packagesMs };
}

/** Node's own loader, reading of files, and waiting. */
const NO_PACKAGE = "(Node)";
