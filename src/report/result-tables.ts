import { isAbsent } from "../system/probe/reading.js";
import { capacityTables } from "./capacity-table.js";
import { frontierTables } from "./frontier-table.js";
import { linesTable } from "./lines-table.js";
import { conditions, followUpTables, mainTable, readingTitle } from "./main-table.js";
import { runsTable } from "./runs-table.js";
import { rolloutTables } from "./rollout-table.js";
import { kindOf } from "../record/kind.js";
import type { Result } from "../record/schema.js";
import {
  breakdownTables,
  calibrationTable,
  commandFitTable,
  estimateTables,
  fitTable,
  ledgerTable,
} from "./sections.js";
import type { Table } from "../base/table/table.js";

/** A table with the name that files and papers use for it. */
export interface NamedTable {
  name: string;
  table: Table;
}

const BREAKDOWN_NAMES = ["classes", "kinds", "waste"];

/**
 * Every table of a result, each with the conditions and warnings that it needs to stand alone; `main` is
 * first.
 */
export function tablesOf(result: Result): NamedTable[] {
  const named: [name: string, table: Table | undefined][] = [
    ["main", mainTable(result)],
    ...followUpTables(result).map((table, place): [string, Table] => [
      result.followUps?.[place]?.name ?? "",
      table,
    ]),
    // Rows of programs and commands have no null control, no snapshot and no calibration.
    ["fit", kindOf(result) === "population" ? fitTable(result) : commandFitTable(result)],
    ...capacityTables(result).map((table): [string, Table] => ["capacity", table]),
    ...rolloutTables(result).map((table): [string, Table] => ["rollout", table]),
    ["lines", linesTable(result)],
    ["runs", runsTable(result, (name) => readingTitle(result.table, name))],
    ...frontierTables(result).map((table): [string, Table] => ["frontier", table]),
    ...estimateTables(result).map((table, place): [string, Table] => [estimateName(result, place), table]),
    ...breakdownTables(result).map((table, place): [string, Table] => [BREAKDOWN_NAMES[place] ?? "", table]),
    ["ledger", ledgerTable(result)],
    ["calibration", isAbsent(result.calibration) ? undefined : calibrationTable(result)],
  ];
  const taken = new Set<string>();
  return named.flatMap(([wanted, table]) => {
    if (table === undefined) return [];
    const name = unusedName(wanted, taken);
    taken.add(name);
    return { name, table: standingAlone(table, result) };
  });
}

function standingAlone(table: Table, result: Result): Table {
  const doubts = result.warnings.map(({ name, message }) => `Doubt (${name}): ${message}`);
  return {
    ...table,
    notes: [...table.notes, ...doubts],
    conditions: table.conditions ?? conditions(result, result.rows),
  };
}

/** The overview comes first, then one table for each estimate that has a residual. */
function estimateName({ estimates }: Result, place: number): string {
  if (place === 0) return "estimates";
  const explained = estimates.filter(({ comparison }) => comparison.residual.length > 0);
  return `residual-${explained[place - 1]?.name ?? place}`;
}

/** With an ending and that of a temporary file, the name of a file may have 255 bytes. */
const MOST_LETTERS = 100;

/** A name that is valid for a file on every system and that no other table of the result has. */
function unusedName(wanted: string, taken: ReadonlySet<string>): string {
  const plain = wanted.slice(0, MOST_LETTERS).replace(/[^A-Za-z0-9]+/g, "-");
  const name = plain.replace(/^-+|-+$/g, "") || "table";
  let unused = name;
  for (let next = 2; taken.has(unused); next++) unused = `${name}-${next}`;
  return unused;
}
