import { counted, plural } from "../base/format.js";
import { largestOf, smallestOf } from "../base/stats/extremes.js";
import type { Absent } from "../system/probe/reading.js";
import { isAbsent } from "../system/probe/reading.js";
import type { Result, ResultWarning } from "../record/schema.js";
import type { Collected } from "./collected.js";
import { missingSentence } from "./failed-row.js";
import type { KernelLine } from "./kernel.js";
import type { Lead } from "./lead.js";
import type { OtherNumber } from "./other-number.js";
import { KERNEL } from "../record/total.js";
import { bookkeepingShare } from "./total.js";

const AGREEMENT = 0.01;
/** The whole heap also holds what the process does by itself between the two snapshots. */
const WHOLE_AGREEMENT = 0.05;
const WIDE_INTERVAL = 0.01;

export interface Found {
  ownSlope: boolean;
  lead: Lead;
  /** Absent where the line of malloc is not the one that was printed. */
  nativeLead?: Lead;
  kernel: KernelLine | Absent;
  /** The cost in a population of another size; undefined where none was made. */
  other?: OtherNumber | undefined;
  /** Range of the mean of instances that differ in size, as a share of it. */
  spread?: number;
}

/**
 * Finds every reason to doubt the result that the readings show. Each warning has a name that scripts can
 * search for.
 */
export function warningsOf(
  result: Result,
  collected: Collected,
  { ownSlope, lead, nativeLead, kernel, other, spread = 0 }: Found,
): ResultWarning[] {
  const warnings: ResultWarning[] = [];
  const warn = (name: string, message: string): void => void warnings.push({ name, message });
  const { fit, crossCheck, unit } = result;

  if (!isAbsent(fit) && isAbsent(fit.nativePerUnitBytes))
    warn("no-native", `Native memory was not measured: ${fit.nativePerUnitBytes.absent}.`);
  const unsettled = collected.rows
    .flatMap(({ data }) => data.readings)
    .filter(({ settled }) => !settled).length;
  if (unsettled > 0) {
    warn(
      "not-settled",
      `${counted(unsettled, "reading")} never agreed with the one before, after ten collections each.`,
    );
  }
  leakDoubt(result, warn);
  leadDoubts(result, lead, nativeLead, warn);
  const isToldApart = warnings.some(({ name }) => name === "depends-on-number");
  if (other !== undefined && !isToldApart) numberDoubt(result, other, spread, warn);
  if (result.environment.compilers === "on") {
    warn(
      "compilers-on",
      "The optimising compilers were on: code that they made during the measurement is in the readings.",
    );
  }
  if (!isAbsent(fit)) {
    const { perUnitBytes, shape, largestDeviation } = fit;
    if (shape === "steps" || shape === "growing" || shape === "shrinking") {
      warn(
        "not-linear",
        `The readings are not on one line (${shape}; a level lies ${percent(largestDeviation)} of the rise off it): bytes per ${unit} depend on how many there are.`,
      );
    }
    const width = (perUnitBytes.high - perUnitBytes.low) / Math.abs(perUnitBytes.value);
    if (width > WIDE_INTERVAL && perUnitBytes.high - perUnitBytes.low > result.minimumDetectableBytes) {
      warn("wide-interval", `The processes differ by ${percent(width)}.`);
    }
    if (perUnitBytes.value <= result.minimumDetectableBytes) {
      warn(
        "below-detection",
        perUnitBytes.value < -result.minimumDetectableBytes
          ? `Nothing was detected in V8's memory: the line falls by ${bytes(-perUnitBytes.value)} for each ${unit}, so what an instance costs there is less than the noise of these readings.`
          : `Nothing was detected in V8's memory: ${bytes(Math.abs(perUnitBytes.value))} is within the ${bytes(result.minimumDetectableBytes)} that a subject of no cost reads.`,
      );
    }
    fixedDoubt(result, warn);
    fewDoubt(result, warn);
    if (!ownSlope) unevenRows(result, perUnitBytes.value, warn);
    if (fit.processes < 3)
      warn(
        "few-processes",
        `The interval rests on ${fit.processes} ${fit.processes === 1 ? "process" : "processes"}.`,
      );
    nativeDoubts(result, kernel, warn);
    kernelDoubts(result, kernel, warn);
  }
  if (isAbsent(crossCheck)) {
    if (crossCheck.absent !== "no snapshot was asked for")
      warn("no-cross-check", `There is no snapshot to compare with: ${crossCheck.absent}`);
  } else {
    const same = relative(crossCheck.snapshotPerUnitBytes, crossCheck.sameInstancesPerUnitBytes);
    const measured = crossCheck.relativeDifference;
    const whole = crossCheck.wholeHeapPerUnitBytes;
    const small = Math.abs((whole ?? crossCheck.snapshotPerUnitBytes) - crossCheck.slopePerUnitBytes) <= 1;
    if (whole !== undefined && Math.abs(measured) <= WHOLE_AGREEMENT) {
      const elsewhere = crossCheck.slopePerUnitBytes - crossCheck.snapshotPerUnitBytes;
      const held = result.holder === undefined ? "" : `; held by ${result.holder.slice(1).join(", ")}`;
      if (unit !== "call" && elsewhere > 1)
        warn(
          "held-elsewhere",
          `Of ${bytes(crossCheck.slopePerUnitBytes)} per ${unit}, ${bytes(elsewhere)} are not held by the ${unit} alone: something beside it (a registry, a cache, a timer, the runtime) has them${held}. The growth of the whole heap says ${bytes(whole)}.`,
        );
    } else if (whole !== undefined && isPrepared(result, whole)) {
      warn(
        "prepared-before",
        `Each ${unit} has ${bytes(crossCheck.snapshotPerUnitBytes)} of its own, and making it costs ${bytes(Math.abs(crossCheck.slopePerUnitBytes))}: the rest was there before (prepare, an import or a pool made it) and is not counted.`,
      );
    } else if (Math.abs(measured) > AGREEMENT && !small) {
      const differ =
        result.units !== undefined && !isAbsent(result.units) && result.units.high > result.units.low;
      if (Math.abs(same) <= AGREEMENT && differ) {
        warn(
          "uneven-instances",
          `The ${crossCheck.instances} instances of the snapshot cost ${percent(measured)} against the line over all of them, and the heap says the same of them: the instances differ in size.`,
        );
      } else {
        warn(
          "methods-disagree",
          `Slope and snapshot differ by ${percent(measured)}: ${bytes(crossCheck.slopePerUnitBytes)} and ${bytes(whole ?? crossCheck.snapshotPerUnitBytes)} per ${unit}.`,
        );
      }
    }
  }
  if (isAbsent(result.nullControl)) {
    warn(
      "no-null-control",
      "No null control finished: the minimum detectable bytes are the resolution of the instrument and not its noise.",
    );
  }
  const duplicates = collected.snapshot?.summary.duplicates ?? 0;
  if (duplicates > 0)
    warn(
      "shared-instances",
      `create returned an object that it had returned before ${duplicates === 1 ? "once" : `${duplicates} times`}; each object is counted once.`,
    );
  capacityDoubts(collected, warn);
  if (result.missing.length > 0) warn("cells-missing", missingSentence(result.missing));
  return warnings;
}

/** From here on the line says something else than the processes. */
const FAR_OFF = 0.05;

/** Warns of containers whose population was to be searched and was not, and of predictions that a search contradicts. */
function capacityDoubts(
  { fits, failed }: Pick<Collected, "fits" | "failed">,
  warn: (name: string, message: string) => void,
): void {
  const without = [
    ...fits.flatMap(({ factors, found }) => {
      const why = isAbsent(found) ? found.absent : found.measured ? undefined : found.reason;
      return why === undefined ? [] : [{ memory: String(factors.memory), why: withoutStop(why) }];
    }),
    ...failed
      .filter(({ role }) => role === "fits")
      .map(({ factors, cause }) => ({ memory: String(factors.memory), why: withoutStop(cause) })),
  ];
  const reasons = new Set(without.map(({ why }) => why));
  for (const reason of reasons) {
    const sizes = without.filter(({ why }) => why === reason).map(({ memory }) => memory);
    warn(
      "capacity-not-searched",
      `How many fit ${sizes.join(", ")} is predicted from the line and was not searched with processes: ${reason}.`,
    );
  }
  const searched = fits.flatMap(({ factors, found }) =>
    isAbsent(found) || !found.measured ? [] : [{ memory: String(factors.memory), found }],
  );
  for (const doubt of new Set(searched.flatMap(({ found }) => found.doubts)))
    warn("capacity-stand-in", doubt);
  for (const { memory, found } of searched) {
    const off = found.predictedRelativeError;
    if (typeof off === "number" && Math.abs(off) > FAR_OFF)
      warn(
        "capacity-off",
        `In ${memory} the search found another number than the lines of a plain process predict (${percent(off)}): a step in the subject, such as a Map that doubles, is the usual reason, and predictions for other sizes may be as far off.`,
      );
  }
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, "");
}

/**
 * Warns of rows whose bytes per unit differ from the line: their units differ in size, which repetitions
 * cannot show.
 */
function unevenRows(result: Result, slope: number, warn: Warn): void {
  const values = result.rows.flatMap(({ perUnitBytes }) =>
    isAbsent(perUnitBytes) ? [] : [perUnitBytes.value],
  );
  const low = smallestOf(values);
  const high = largestOf(values);
  if (Math.max(slope - low, high - slope) <= AGREEMENT * slope) return;
  warn(
    "uneven-units",
    `Less the fixed cost, one ${result.unit} takes ${bytes(low)} to ${bytes(high)} from row to row: they differ in size, and the interval speaks of the instrument, not of that spread.`,
  );
}

type Warn = (name: string, message: string) => void;

/** Where less than this share of an instance is left, it did not stay whole. */
const KEPT_SHARE = 0.9;

/** A leak is in each process; malloc drifts by some kilobytes in a few, which is less than this share of a unit. */
const DRIFT_SHARE = 0.001;

/** What instances that were dropped left behind, by each counter that saw it. */
function leakDoubt({ leak, unit, fit, crossCheck }: Result, warn: Warn): void {
  if (leak === undefined || isAbsent(leak)) return;
  const drift = isAbsent(fit) ? 0 : DRIFT_SHARE * fit.perUnitBytes.value;
  const seen = (
    [
      ["of V8's memory", leak.retainedPerInstanceBytes],
      ["of malloc", leak.nativePerInstanceBytes],
      ["of the kernel's pages", leak.kernelPerInstanceBytes],
    ] as const
  ).flatMap(([where, reading]) =>
    "value" in reading && reading.value > 0 && (reading.low > 0 || reading.value > drift)
      ? [`${bytes(reading.value)} ${where}`]
      : [],
  );
  if (seen.length === 0) return;
  const what = unit === "call" ? "Each call" : "Each instance";
  const when = unit === "call" ? "" : " after it was dropped";
  warn(
    "retained-after-release",
    `${what} left ${seen.join(", ")} behind${when} (a registry, cache, listener or handle that is kept?); these bytes are counted in bytes per ${unit}.`,
  );
  const { retainedPerInstanceBytes: left } = leak;
  if (isAbsent(fit) || fit.readFrom !== "cold" || !("value" in left)) return;
  const { value: first } = fit.perUnitBytes;
  if (left.value < KEPT_SHARE * first) return;
  const whole = isAbsent(crossCheck) ? undefined : crossCheck.wholeHeapPerUnitBytes;
  const isOther = (later: number): boolean => Math.abs(later - first) > Math.max(1, AGREEMENT * first);
  if (!isOther(left.value) && (whole === undefined || !isOther(whole))) return;
  warn(
    "depends-on-number",
    `The first ${plural(unit)} cost ${bytes(first)} each, and ${leak.made.toLocaleString("en-US")} that were made later left ${bytes(left.value)} each${whole === undefined ? "" : ` (the growth of the whole heap says ${bytes(whole)})`}: what keeps them (a table that doubles, an array with spare places) grows in steps, so the cost of one depends on how many there are.`,
  );
}

/** Two populations whose costs are this close, as a share, say the same. */
const NUMBER_AGREEMENT = 0.05;
/** Less is rounding of V8's and readings of few instances. */
const NUMBER_LEAST_BYTES = 8;

/** The line against that of a larger population. */
function numberDoubt({ fit, rows, unit }: Result, other: OtherNumber, spread: number, warn: Warn): void {
  if (isAbsent(fit)) return;
  const { value, low, high } = fit.perUnitBytes;
  const margin = Math.max(NUMBER_LEAST_BYTES, Math.max(NUMBER_AGREEMENT, spread) * value);
  if (other.low <= high + margin && other.high >= low - margin) return;
  const most = largestOf(rows.map(({ instances }) => instances));
  warn(
    "depends-on-number",
    `One ${unit} costs ${bytes(value)} in populations of up to ${most.toLocaleString("en-US")}, and ${bytes(other.value)} in one that grew to ${other.instances.toLocaleString("en-US")}: the cost of one depends on how many there are, or on its number (a table that doubles, a longer text, an index that a constructor takes for a count). --instances N measures another number.`,
  );
}

/** The first population of a process against those after a warm-up. */
function leadDoubts(
  { unit, environment }: Result,
  lead: Lead,
  nativeLead: Lead | undefined,
  warn: Warn,
): void {
  // The first population fills new pages; later ones fill pages of which V8 has its books already.
  const books = bookkeepingShare(environment.v8) * (lead.fit?.perUnitBytes.value ?? 0);
  const pairs = [
    [lead, "", "a table of a Map or WeakMap, a cache, a pool, or WebAssembly memory"],
    [nativeLead, " of malloc", "a pool or an arena of an addon"],
  ] as const;
  for (const [line, what, likely] of pairs) {
    const { fit, other } = line ?? {};
    if (fit === undefined || other === undefined) continue;
    if (line === nativeLead && Math.abs(fit.perUnitBytes.value - other.perUnitBytes.value) <= books) continue;
    warn(
      what === "" ? "cold-and-warm-differ" : "cold-and-warm-malloc-differ",
      `In a process that made none before, one ${unit} costs ${bytes(fit.perUnitBytes.value)}${what}; after a warm-up, ${bytes(other.perUnitBytes.value)}. Something that grew then stays or is used again (${likely}), so the first line is the headline.`,
    );
  }
}

/** Whether the whole heap grows as little as the line, and the instances hold more than that. */
function isPrepared({ crossCheck }: Result, whole: number): boolean {
  if (isAbsent(crossCheck)) return false;
  const { slopePerUnitBytes: slope, snapshotPerUnitBytes: own } = crossCheck;
  return Math.abs(whole - slope) <= Math.max(16, AGREEMENT * own) && own > slope + 16;
}

/** Readings below this share of the rise are drift, and not a fixed cost below zero. */
const FIXED_SHARE = 0.01;

function fixedDoubt({ fit, rows, unit }: Result, warn: Warn): void {
  if (isAbsent(fit)) return;
  const units = largestOf(rows.map(({ instances, unitsPerInstance }) => instances * unitsPerInstance));
  const { value } = fit.fixedBytes;
  if (value >= -Math.max(4096, FIXED_SHARE * units * Math.abs(fit.perUnitBytes.value))) return;
  warn(
    "negative-fixed-cost",
    `The line begins at ${bytes(value)}, and nothing costs less than nothing: the first ${plural(unit)} are smaller than later ones, so the cost of one depends on which ones are measured.`,
  );
}

/** Fewer instances than this give one line through noise that the others would average out. */
const FEW_INSTANCES = 30;

function fewDoubt({ fit, rows, unit }: Result, warn: Warn): void {
  const most = largestOf(rows.map(({ instances }) => instances));
  if (isAbsent(fit) || fit.source !== undefined || most >= FEW_INSTANCES || rows.length > 1) return;
  warn(
    "few-instances",
    `The largest population had ${most} ${plural(unit)}, because they are slow to make or large; --instances N measures more.`,
  );
}

/** What the kernel counts against what V8 and malloc say. */
function kernelDoubts(result: Result, kernel: KernelLine | Absent, warn: Warn): void {
  const { fit, ledger, unit } = result;
  if (isAbsent(fit)) return;
  const part = fit.parts?.find(({ name }) => name === KERNEL);
  if (part !== undefined && !isAbsent(kernel)) {
    const rest = kernel.perUnitBytes.value - part.bytes;
    warn(
      "seen-by-kernel-alone",
      `The kernel counts ${bytes(kernel.perUnitBytes.value)} of pages per ${unit}, and V8's pages, external memory and malloc explain ${bytes(rest)}: the rest is another isolate (a worker), thread stacks, memory that an addon maps itself, or tables of V8 outside its heap (entries of functions, since Node 24).`,
    );
  } else if (!isAbsent(kernel)) {
    const untouched = -kernel.beyondKnown.high;
    const { totalPerUnitBytes: all } = fit;
    if (all === undefined || !("value" in all)) return;
    const isLess = kernel.perUnitBytes.high < (1 - UNTOUCHED_SHARE) * all.value;
    if (!isLess || untouched * kernel.instances < UNTOUCHED_BYTES || untouched <= UNTOUCHED_SHARE * all.value)
      return;
    warn(
      "memory-not-touched",
      `The kernel counts ${bytes(kernel.perUnitBytes.value)} of pages per ${unit}, which is less than the ${bytes(all.value)} that V8 and malloc say: some ${bytes(untouched)} were asked for and never written to (a buffer in reserve, an arena of an addon), and take memory only when they are used.`,
    );
  } else if (!isAbsent(ledger)) {
    const { unexplainedBytes, pssChangeBytes, instances } = ledger;
    const isLarge = Math.abs(unexplainedBytes) > Math.max(UNEXPLAINED_BYTES, 0.1 * pssChangeBytes);
    if (isLarge)
      warn(
        "unexplained-memory",
        `${counted(instances, "instance")} changed the process by ${bytes(pssChangeBytes)} of pages, of which ${bytes(unexplainedBytes)} are explained neither by V8 nor by malloc (a worker, a mapped file, an addon?).`,
      );
  }
}

/** Memory of which at least this share, and this much in all, is in no page of the process was never written to. */
const UNTOUCHED_SHARE = 0.05;
const UNTOUCHED_BYTES = 2 ** 20;

/** Less than this is lost among V8's pages, which are 256 KiB each. */
const UNEXPLAINED_BYTES = 2 ** 22;

/** Compares declared external memory with measured malloc, and with the kernel where it was asked. */
function nativeDoubts(result: Result, kernel: KernelLine | Absent, warn: Warn): void {
  const { fit, unit } = result;
  if (isAbsent(fit) || isAbsent(fit.nativePerUnitBytes) || isAbsent(fit.externalPerUnitBytes)) return;
  const native = (fit.nativePerUnitBytes as { value: number }).value;
  const external = (fit.externalPerUnitBytes as { value: number }).value;
  const difference = native - external;
  const total = fit.perUnitBytes.value;
  if (Math.abs(difference) <= Math.max(64, 0.05 * Math.abs(total))) return;
  // Mapped memory is no memory of malloc, and yet it is there where the kernel counts all that is declared.
  if (difference < 0 && !isAbsent(kernel) && kernel.beyondKnown.high >= -0.05 * Math.abs(total)) return;
  warn(
    difference > 0 ? "native-undeclared" : "external-overdeclared",
    difference > 0
      ? `malloc holds ${bytes(native)} per ${unit} of which ${bytes(external)} are declared to V8; the rest is in no JavaScript counter.`
      : `${bytes(external)} per ${unit} are declared to V8 as external, malloc holds ${bytes(native)}${isAbsent(kernel) ? "" : `, and the kernel counts ${bytes(kernel.perUnitBytes.value)} of pages in all`}.`,
  );
}

function relative(value: number, reference: number): number {
  return reference === 0 ? (value === 0 ? 0 : 1) : value / reference - 1;
}

function bytes(value: number): string {
  return `${value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 1 ? 3 : 1, signDisplay: "negative" })} B`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
