import { capacityOf } from "../analysis/capacity.js";
import { bytesWithBinaryUnit, bytesWithUnit, fixed, plural } from "../base/format.js";
import { numberCell } from "../base/table/number-cell.js";
import type { Table } from "../base/table/table.js";
import type { Capacity, Result } from "../record/schema.js";
import { WALL_NAMES } from "./wall-text.js";

/** The capacity of a result; of one of an earlier version, it is predicted from its line. */
export function currentCapacity({ capacity, unit, fit, environment }: Result): Capacity | undefined {
  return capacity?.rows === undefined ? capacityOf(unit, fit, environment.node).capacity : capacity;
}

/** The sentence about how many units fit. */
export function capacitySentence(result: Result): string | undefined {
  const capacity = currentCapacity(result);
  if (capacity === undefined) return undefined;
  const { perGiB, perGB, heapRaisedPerGiB, basis, formula } = capacity;
  const { unit } = result;
  const raised =
    heapRaisedPerGiB === undefined
      ? ""
      : ` With V8's limit raised to what the container holds, ${fixed(heapRaisedPerGiB, 0)} fit one GiB.`;
  return `${fixed(perGiB, 0)} ${plural(unit)} fit a process in one GiB (2^30 bytes) with Node's own limits, and ${fixed(perGB, 0)} in one GB (10^9 bytes): ${basis === "measured" ? "measured by a search over real processes" : `predicted, not measured (${formula})`}.${raised}`;
}

/** How many units fit containers of several sizes. */
export function capacityTables(result: Result): Table[] {
  const rows = currentCapacity(result)?.rows;
  return rows === undefined ? [] : [capacityTable(rows, result.unit)];
}

function capacityTable(rows: NonNullable<Capacity["rows"]>, unit: string): Table {
  return {
    caption: `How many ${plural(unit)} fit one process`,
    columns: [
      { title: "container", align: "right" },
      { title: plural(unit), align: "right" },
      { title: "wall", align: "left" },
      { title: "with V8's limit raised", align: "right" },
      { title: "how", align: "left" },
    ],
    rows: rows.map(({ memoryBytes, fits, wall, heapRaised, basis, heapRaisedBasis = basis }) => [
      memoryBytes % 2 ** 20 === 0 ? bytesWithBinaryUnit(memoryBytes) : bytesWithUnit(memoryBytes),
      numberCell(fits),
      WALL_NAMES[wall],
      numberCell(heapRaised),
      basis === heapRaisedBasis ? basis : `${basis}; raised: ${heapRaisedBasis}`,
    ]),
    notes: [
      "A plain Node process with Node's own limits in a container of this size; measured: the largest population that lived in a search over real processes; predicted: from the line, the process without instances and V8's limits. Raised: --max-old-space-size set so that the container is the wall.",
    ],
  };
}
