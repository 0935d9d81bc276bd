import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { askChild } from "../ask-child.js";
import { importable, requireModuleFile } from "../../experiment/compile.js";
import type { Reading } from "../../system/probe/reading.js";
import { change, isAbsent } from "../../system/probe/reading.js";
import { bytesByPackage } from "./by-package.js";
import type { ImportData, ImportOrder } from "./entry.js";

type Interval = { value: number; low: number; high: number };

/** What `bytesper import` answers; `--json` prints it as it is. */
export interface ImportAnswer {
  module: string;
  trials: number;
  importMs: Interval;
  heapBytes: Interval;
  externalBytes: Interval;
  nativeBytes: Interval | { absent: string };
  /** What the kernel counts for the process. */
  pssBytes: Interval | { absent: string };
  packages: { name: string; bytes: number; ms: number; modules: number }[];
}

export interface ImportOptions {
  trials: number;
  timeoutMs: number;
  signal: AbortSignal;
  progress: (finished: number, total: number, label: string) => void;
}

/** Bytes and time that importing a module costs, in fresh processes. Throws why it cannot be imported. */
export async function measureImport(module: string, options: ImportOptions): Promise<ImportAnswer> {
  const isFile = existsSync(module) && (/^[./]/.test(module) || /\.[cm]?[jt]sx?$/.test(module));
  if (isFile) requireModuleFile(resolve(module), module, "BAD_SUBJECT");
  const ready = isFile ? await importable(resolve(module)) : undefined;
  const specifier = ready?.url ?? module;
  const folder = mkdtempSync(join(tmpdir(), "bytesper-import-"));
  try {
    const trials: ImportData[] = [];
    const steps = options.trials + 2;
    for (let trial = 0; trial < options.trials; trial++) {
      trials.push(await runChild({ specifier, mode: "bytes" }, module, options));
      options.progress(trial + 1, steps, "imports");
    }
    const { packagesMs = {} } = await runChild({ specifier, mode: "time" }, module, options);
    options.progress(steps - 1, steps, "time by package");
    await runChild({ specifier, mode: "snapshots", folder }, module, options);
    const bytes = bytesByPackage(join(folder, "1.heapsnapshot"), join(folder, "2.heapsnapshot"));
    options.progress(steps, steps, "done");
    const names = new Set([...bytes.map(({ name }) => name), ...Object.keys(packagesMs)]);
    return {
      module,
      trials: options.trials,
      importMs: over(trials.map(({ importMs }) => importMs)) as Interval,
      heapBytes: over(changes(trials, "heapBytes")) as Interval,
      externalBytes: over(changes(trials, "externalBytes")) as Interval,
      nativeBytes: over(
        trials.map(({ before, after }) =>
          beyond(change(of(before), of(after)), external(after) - external(before)),
        ),
      ),
      pssBytes: over(changes(trials, "pssBytes")),
      packages: [...names]
        .map((name) => {
          const row = bytes.find((each) => each.name === name);
          return { name, bytes: row?.bytes ?? 0, ms: packagesMs[name] ?? 0, modules: row?.modules ?? 0 };
        })
        .sort((a, b) => b.bytes - a.bytes || b.ms - a.ms),
    };
  } finally {
    ready?.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Ledger = ImportData["before"];

function of(ledger: Ledger): Reading {
  return ledger?.mallocInUseBytes ?? { absent: "malloc was not read" };
}

function external(ledger: Ledger): number {
  return ledger?.externalBytes ?? 0;
}

function beyond(grown: Reading, known: number): Reading {
  return isAbsent(grown) ? grown : grown - known;
}

function changes(
  trials: readonly ImportData[],
  field: "heapBytes" | "externalBytes" | "pssBytes",
): Reading[] {
  return trials.map(({ before, after }) =>
    change(before?.[field] ?? { absent: "it was not read" }, after?.[field] ?? { absent: "it was not read" }),
  );
}

function over(readings: readonly Reading[]): Interval | { absent: string } {
  const missing = readings.find(isAbsent);
  if (missing !== undefined) return missing;
  const sorted = (readings as number[]).slice().sort((a, b) => a - b);
  return { value: sorted[sorted.length >> 1] ?? 0, low: sorted[0] ?? 0, high: sorted.at(-1) ?? 0 };
}

const ENTRY = new URL("./entry.js", import.meta.url).href;

async function runChild(
  order: ImportOrder,
  name: string,
  { timeoutMs, signal }: ImportOptions,
): Promise<ImportData> {
  // Evaluated in the user's folder, where names of packages are looked up.
  const code = `(await import(${JSON.stringify(ENTRY)})).run((specifier) => import(specifier));`;
  const { answer, lastWords, end } = await askChild({
    args: ["--expose-gc", "--input-type=module", "--eval", code],
    env: { ...process.env, NODE_OPTIONS: "" },
    order,
    timeoutMs,
    late: `Importing ${name} was not done after ${timeoutMs / 1000} s; a module that waits for something at its top level never is.`,
    signal,
  });
  const { data, message } = (answer ?? {}) as { data?: ImportData; message?: string };
  if (data !== undefined) return data;
  throw new BytesperError(
    "BAD_SUBJECT",
    `${name} cannot be imported here: ${message ?? (lastWords.trim().split("\n").at(-1) || `the process ended (${end})`)}.`,
  );
}
