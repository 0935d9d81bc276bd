import { isAbsent } from "../../system/probe/reading.js";
import { bytesIn, counted } from "../../base/format.js";
import { KIND_PAGES } from "../kind-pages.js";
import { conditions } from "../main-table.js";
import { kindOf } from "../../record/kind.js";
import type { Result } from "../../record/schema.js";
import type { Table } from "../../base/table/table.js";
import { escaped, prose } from "./escape.js";
import { methodOf } from "./reading-methods.js";

/** How the numbers of a result were measured: facts first, then each reading with its counter. */
export function methodFacts(result: Result): [name: string, text: string][] {
  const { environment, nullControl, calibration, settings, rows } = result;
  const { how, hasOurFlags, hasPopulations } = KIND_PAGES[kindOf(result)];
  const peaks = [...new Set(rows.flatMap(({ peakSource }) => peakSource ?? []))];
  const caps = [...new Set(rows.flatMap(({ enforcement }) => enforcement ?? []))];
  const control = isAbsent(nullControl)
    ? `none: ${nullControl.absent}`
    : `a subject that costs nothing, in ${counted(nullControl.processes, "process", "processes")}: at most ${bytesIn(nullControl.largestBytes, "B")} B; from this the minimum detectable ${bytesIn(result.minimumDetectableBytes, "B", 0.1)} B`;
  const collection = isAbsent(calibration)
    ? `not calibrated: ${calibration.absent}`
    : `\`${calibration.gcCall}\`, proven to run ${calibration.gcProof.join(" + ")}`;
  const set = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return [
    ["Processes", how],
    ["Conditions", conditions(result, rows)],
    ...(hasOurFlags
      ? ([["Flags of Node", environment.flags.map((flag) => `\`${flag}\``).join(" ")]] as [string, string][])
      : []),
    ...(hasPopulations
      ? ([
          ["Collection", collection],
          ["Null control", control],
        ] as [string, string][])
      : []),
    ...(peaks.length === 0 ? [] : ([["Peaks", peaks.join("; ")]] as [string, string][])),
    ...(caps.length === 0 ? [] : ([["Caps", caps.join("; ")]] as [string, string][])),
    ...(set.length === 0 ? [] : ([["Settings", set.join(", ")]] as [string, string][])),
    ["Run", `${result.runId}, ${result.startedAt} to ${result.finishedAt}`],
    [
      "Commit",
      typeof environment.commit === "string" ? environment.commit : `unknown: ${environment.commit.absent}`,
    ],
    [
      "Journal",
      result.journal === undefined
        ? "none is named"
        : `${result.journal}, SHA-256 \`${result.journalSha256 ?? "unknown"}\``,
    ],
  ];
}

export function factList(facts: readonly (readonly [name: string, text: string])[]): string {
  const lines = facts.map(([name, text]) => `<div><dt>${escaped(name)}</dt><dd>${prose(text)}</dd></div>`);
  return `<dl>${lines.join("\n")}</dl>`;
}

/**
 * Every reading of the result's rows with what it counts; readings that are taken in the same way share a
 * row.
 */
export function readingsTable(result: Result): Table | undefined {
  const rows = [...result.rows, ...(result.followUps ?? []).flatMap(({ rows: own }) => own)];
  const names = new Set(rows.flatMap(({ readings }) => Object.keys(readings)));
  const methods = new Map<string, string[]>();
  for (const name of names) {
    const method = methodOf(name, kindOf(result));
    methods.set(method, [...(methods.get(method) ?? []), name]);
  }
  if (methods.size === 0) return undefined;
  return {
    caption: "What each reading is",
    columns: [
      { title: "readings", align: "left" },
      { title: "how they are read", align: "left" },
    ],
    rows: [...methods].map(([method, own]) => [own.join(", "), method]),
    notes: [],
  };
}
