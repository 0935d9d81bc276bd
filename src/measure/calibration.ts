import { mallocSelfTest } from "../system/probe/malloc.js";
import { isAbsent } from "../system/probe/reading.js";
import { theilSen } from "../base/stats/theil-sen.js";
import type { ObservedGc } from "./gc.js";
import { Population } from "./population.js";
import { fullGc, surveyGcCalls } from "./gc.js";
import { readLevels } from "./protocol.js";
import { SettledLog } from "./settle.js";

export interface CalibrationCheck {
  name: string;
  expectedBytes: number;
  measuredBytes: number;
  ok: boolean;
}

export interface Calibration {
  /** The call in use, and what each known spelling of it runs here. */
  gc: { call: string; proof: string[]; survey: ObservedGc[] };
  checks: CalibrationCheck[];
  /** Time of the calibration, if it is one of an earlier run by the same programs on this machine. */
  rememberedFrom?: string;
}

/**
 * A reading sometimes holds a few words too much, which V8 frees one collection later. The levels lie so far
 * apart that these words stay far below the tolerance.
 */
const LEVELS = [400, 2000, 1200, 2000];
/** arm64 kernels are built with pages of up to 64 KiB. */
const LARGEST_PAGE_BYTES = 65_536;
/** The largest error that we promise for every measurement of a small object. */
const TOLERANCE_BYTES = 0.1;

/**
 * Measures objects whose size follows from their payload alone, so the true size does not depend on the V8
 * version: 800 more characters cost 800 bytes more, 80 more elements cost 80 tagged words, an array buffer
 * costs its length. Also finds out which `gc` call runs a full collection here.
 */
export async function calibrate(): Promise<Calibration> {
  const { gc } = fullGc();
  const text = Buffer.alloc(4096, "x");
  const word = hasPointerCompression() ? 4 : 8;
  const perUnit = async (create: (index: number) => unknown, external: boolean): Promise<number> => {
    const log = new SettledLog(gc.collect);
    const population = new Population(
      { create, release: undefined, prepare: undefined },
      { factors: {}, seed: 0, emit: () => undefined },
      Math.max(...LEVELS),
      "calibration",
    );
    population.repeat();
    await readLevels(population, LEVELS.slice(0, 2), log, undefined);
    log.clear();
    await readLevels(population, LEVELS, log, undefined);
    const points = log
      .rows()
      .slice(0, LEVELS.length)
      .map((row) => ({ x: row.count, y: external ? row.externalBytes : row.heapBytes }));
    return theilSen(points)?.slope ?? Number.NaN;
  };
  const string = (length: number) => (index: number) => text.toString("latin1", index, index + length);
  const array = (length: number) => () => new Array<null>(length).fill(null);

  const checks = [
    check(
      "800 more one-byte characters",
      800,
      (await perUnit(string(816), false)) - (await perUnit(string(16), false)),
    ),
    check(
      "80 more array elements",
      80 * word,
      (await perUnit(array(84), false)) - (await perUnit(array(4), false)),
    ),
    check("an ArrayBuffer of 4,096 bytes (external)", 4096, await perUnit(() => new ArrayBuffer(4096), true)),
  ];
  const malloc = mallocSelfTest(1 << 20);
  if (!isAbsent(malloc)) checks.push(check(MALLOC_CHECK, 1 << 20, malloc));
  return { gc: { call: gc.call, proof: gc.proof, survey: surveyGcCalls() }, checks };
}

const MALLOC_CHECK = "a malloc block of 1 MiB (rounded up to pages, one more for its header)";

function check(name: string, expectedBytes: number, measuredBytes: number): CalibrationCheck {
  return { name, expectedBytes, measuredBytes, ok: isAsExpected({ name, expectedBytes, measuredBytes }) };
}

/** Whether the instrument read a known object as it must. */
export function isAsExpected({ name, expectedBytes, measuredBytes }: Omit<CalibrationCheck, "ok">): boolean {
  const excess = measuredBytes - expectedBytes;
  return name === MALLOC_CHECK
    ? excess >= 0 && excess <= 2 * LARGEST_PAGE_BYTES
    : Math.abs(excess) <= TOLERANCE_BYTES;
}

/** Builds with pointer compression store references in 4 bytes. */
function hasPointerCompression(): boolean {
  const variables: Record<string, unknown> = { ...process.config.variables };
  return variables.v8_enable_pointer_compression === 1;
}
