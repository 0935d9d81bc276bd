import { isAbsent } from "../../system/probe/reading.js";
import type { Result } from "../../record/schema.js";

/** The part of a difference that comes from one class or kind; bytes and counts are per unit. */
export interface PartDifference {
  name: string;
  baseBytes: number;
  newBytes: number;
  differenceBytes: number;
  baseCount: number;
  newCount: number;
}

/**
 * Where a difference comes from. `classes` plus `restBytes` add up to the difference, and so do `kinds` plus
 * `restBytes`.
 */
export interface Parts {
  /** Bytes per unit, new minus base. */
  differenceBytes: number;
  classes: PartDifference[];
  kinds: PartDifference[];
  /** Change of the bytes that the user's code could save; the classes contain these bytes. */
  waste: { name: string; differenceBytes: number }[];
  /** The part of the change of the line that the two snapshots do not show. */
  restBytes: number;
}

const DICTIONARY = /^\(property dictionary of (.*)\)$/;
const STORE = "(object properties)";

/** The difference of two breakdowns, or the reason why there is none. */
export function partsOf(base: Result, next: Result): Parts | { absent: string } {
  for (const [name, { breakdown, crossCheck }] of [
    ["BASE", base],
    ["NEW", next],
  ] as const)
    if (breakdown.length === 0)
      return {
        absent: `${name} has no breakdown${isAbsent(crossCheck) ? ` (${crossCheck.absent})` : ""}`,
      };
  const classes = changes(
    byName(base.breakdown, (row) => row.type),
    byName(next.breakdown, (row) => row.type),
  );
  const kinds = changes(
    byName(base.kinds, (row) => row.kind),
    byName(next.kinds, (row) => row.kind),
  );
  const snapshot = sum(classes);
  const differenceBytes = lineDifference(base, next) ?? snapshot;
  return {
    differenceBytes,
    classes,
    kinds,
    waste: wasteOf(base, next),
    restBytes: differenceBytes - snapshot,
  };
}

/** Classes whose objects keep their properties in a hash table in the new result but not in the base. */
export function newDictionaries({ classes }: Parts): string[] {
  const stores = classes.find(({ name }) => name === STORE);
  const formerly = stores === undefined ? 0 : stores.baseCount - stores.newCount;
  const grown = classes.filter((part) => DICTIONARY.test(part.name) && part.newCount > part.baseCount);
  const total = grown.reduce((count, part) => count + part.newCount - part.baseCount, 0);
  // A result of an earlier version gives all hash tables one name. Then it is unknown when an object got its
  // table.
  const isRenamed = formerly > 0 && Math.abs(formerly - total) < 1e-9;
  return isRenamed ? [] : grown.map(({ name }) => DICTIONARY.exec(name)?.[1] ?? name);
}

function lineDifference(base: Result, next: Result): number | undefined {
  if (isAbsent(base.fit) || isAbsent(next.fit)) return undefined;
  return next.fit.perUnitBytes.value - base.fit.perUnitBytes.value;
}

interface Share {
  bytes: number;
  count: number;
}

function byName<T extends Share>(rows: readonly T[], keyOf: (row: T) => string): Map<string, Share> {
  const shares = new Map<string, Share>();
  for (const row of rows) {
    const before = shares.get(keyOf(row)) ?? { bytes: 0, count: 0 };
    shares.set(keyOf(row), { bytes: before.bytes + row.bytes, count: before.count + row.count });
  }
  return shares;
}

const NOTHING: Share = { bytes: 0, count: 0 };

/** Sorted by size of the change, largest first; parts that did not change are left out. */
function changes(base: ReadonlyMap<string, Share>, next: ReadonlyMap<string, Share>): PartDifference[] {
  return [...new Set([...next.keys(), ...base.keys()])]
    .map((name) => {
      const [before, after] = [base.get(name) ?? NOTHING, next.get(name) ?? NOTHING];
      return {
        name,
        baseBytes: before.bytes,
        newBytes: after.bytes,
        differenceBytes: after.bytes - before.bytes,
        baseCount: before.count,
        newCount: after.count,
      };
    })
    .filter(({ differenceBytes, baseCount, newCount }) => differenceBytes !== 0 || baseCount !== newCount)
    .sort((a, b) => Math.abs(b.differenceBytes) - Math.abs(a.differenceBytes));
}

function sum(parts: readonly PartDifference[]): number {
  return parts.reduce((bytes, { differenceBytes }) => bytes + differenceBytes, 0);
}

function wasteOf(base: Result, next: Result): Parts["waste"] {
  const bytesOf = ({ waste }: Result, name: string): number => {
    const bytes = waste.find((row) => row.name === name)?.bytes ?? 0;
    return isAbsent(bytes) ? Number.NaN : bytes;
  };
  return [...new Set([...next.waste, ...base.waste].map(({ name }) => name))]
    .map((name) => ({ name, differenceBytes: bytesOf(next, name) - bytesOf(base, name) }))
    .filter(({ differenceBytes }) => Number.isFinite(differenceBytes) && differenceBytes !== 0);
}
