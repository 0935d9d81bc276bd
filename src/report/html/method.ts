import { isAbsent } from "../../system/probe/reading.js";
import { bytesIn } from "../../base/format.js";
import { conditions } from "../main-table.js";
import type { Result } from "../../record/schema.js";
import type { Table } from "../../base/table/table.js";
import { escaped, prose } from "./escape.js";
import type { Origin } from "./reading-methods.js";
import { methodOf } from "./reading-methods.js";

/** Whether rows come from a subject in our own process, from a command, or from a program. */
function originOf({ followUps, settings }: Result): Origin {
  if (followUps === undefined) return "subject";
  return settings.device === undefined ? "command" : "program";
}

/** How the numbers of a result were measured: facts first, then each reading with its counter. */
export function methodFacts(result: Result): [name: string, text: string][] {
  const { environment, nullControl, calibration, settings, rows } = result;
  const origin = originOf(result);
  const peaks = [...new Set(rows.flatMap(({ peakSource }) => peakSource ?? []))];
  const caps = [...new Set(rows.flatMap(({ enforcement }) => enforcement ?? []))];
  const control = isAbsent(nullControl)
    ? `none: ${nullControl.absent}`
    : `a subject that costs nothing, in ${nullControl.processes} processes: at most ${bytesIn(nullControl.largestBytes, "B")} B; from this the minimum detectable ${bytesIn(result.minimumDetectableBytes, "B", 0.1)} B`;
  const collection = isAbsent(calibration)
    ? `not calibrated: ${calibration.absent}`
    : `\`${calibration.gcCall}\`, proven to run ${calibration.gcProof.join(" + ")}`;
  const set = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return [
    ["Processes", HOW[origin]],
    ["Conditions", conditions(result, rows)],
    ...(origin === "command"
      ? []
      : ([["Flags of Node", environment.flags.map((flag) => `\`${flag}\``).join(" ")]] as [
          string,
          string,
        ][])),
    ...(origin === "subject"
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

const HOW: Record<Origin, string> = {
  subject:
    "Each cell ran in a fresh process. After a warm-up the heap was read at each population, garbage being collected until two readings agreed.",
  command:
    "Each row is a command in a process tree of its own, read from outside by the kernel's counters and by what it printed.",
  program: "Each row is a program in a fresh process, one at a time; pools on the device have a cap.",
};

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
    const method = methodOf(name, originOf(result));
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
