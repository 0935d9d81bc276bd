import { isAbsent } from "../system/probe/reading.js";
import { detectableBytes } from "../report/detectable.js";
import { bytesIn, bytesWithUnit, doubtOf, percent } from "../base/format.js";
import { totalOf } from "../record/total.js";
import type { Result, ResultFit } from "../record/schema.js";
import { breakdownTables } from "../report/sections.js";
import { terminalTable } from "../base/table/terminal.js";
import type { CurrentTest } from "./current-test.js";
import type { Leak } from "./leak/find.js";
import { reproduction } from "./runner-command.js";

export function bytes(value: number): string {
  return `${bytesIn(value, "B", Number.isInteger(value) ? 0 : 0.1)} B`;
}

/** Lines below the verdict: the interval and the smallest detectable amount. */
export function intervalLines(result: Result, fit: ResultFit): string[] {
  const { fixedBytes, processes, confidence, parts = [] } = fit;
  const total = totalOf(fit);
  const perUnitBytes = isAbsent(total) ? fit.perUnitBytes : total;
  const detectable = result.minimumDetectableBytes;
  const doubt = doubtOf(perUnitBytes, detectable);
  const range =
    perUnitBytes.low === perUnitBytes.high
      ? `all ${processes} fresh processes gave the same value`
      : `${processes} fresh processes gave ${bytesIn(perUnitBytes.low, "B", doubt)} to ${bytesIn(perUnitBytes.high, "B", doubt)} B; this range contains the median with a probability of ${percent(confidence, 1)}`;
  const fixedDoubt = doubtOf(fixedBytes, detectableBytes(result, "fixedBytes"));
  return [
    `Interval:           ${range}`,
    ...(parts.length < 2
      ? []
      : [`Parts:              ${parts.map(({ name, bytes: part }) => `${bytes(part)} ${name}`).join(", ")}`]),
    `Minimum detectable: ${detectable.toPrecision(2)} B per instance`,
    `Fixed cost:         ${bytesWithUnit(fixedBytes.value, fixedDoubt)}, paid once and not counted`,
    `Method:             slope of heap, external memory and malloc over several populations, on Node ${result.environment.node}, optimising compilers ${result.environment.compilers}`,
  ];
}

/** Tables that show where the bytes of one instance are, or a line that says why that is unknown. */
export function breakdownLines(result: Result): string[] {
  if (isAbsent(result.crossCheck)) return [`Where the bytes are is not known: ${result.crossCheck.absent}.`];
  return breakdownTables(result).map((table) => terminalTable(table).trimEnd());
}

export function doubtLines(result: Result): string[] {
  const doubts = result.warnings.filter(({ name }) => name !== "no-cross-check");
  return doubts.map(({ name, message }) => `! ${name}: ${message}`);
}

/**
 * Lines about what stays after the instances were dropped: a table by class, and one way by which it is held.
 */
export function leakLines(found: { leak: Leak; instances: number } | { absent: string }): string[] {
  if ("absent" in found) return [`What stays is not known: ${found.absent}.`];
  const { leak, instances } = found;
  if (leak.classes.length === 0) return [`The snapshots of ${instances} instances do not show what stays.`];
  const [object = "", ...retainers] = leak.retainers;
  const table = terminalTable({
    caption: `What stays, per instance (from heap snapshots around ${instances} instances)`,
    columns: [
      { title: "class", align: "left" },
      { title: "bytes", align: "right" },
      { title: "objects", align: "right" },
    ],
    rows: leak.classes
      .slice(0, 10)
      .map(({ type, bytes: all, count }) => [
        type,
        bytesIn(all / instances, "B", 0.1),
        bytesIn(count / instances, "B", 0.1),
      ]),
    notes: [],
  });
  return [
    table.trimEnd(),
    retainers.length === 0
      ? `Who holds it is not in the snapshot.`
      : `One ${object} is held by\n${retainers.map((line) => `  ${line}`).join("\n")}`,
  ];
}

export function reproductionLine(test: CurrentTest, subjectText: string | undefined): string {
  const direct = subjectText === undefined ? "" : `, or npx bytesper measure '${subjectText}'`;
  return `Reproduce: ${reproduction(test)}${direct}`;
}
