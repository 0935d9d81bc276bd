import type { Answer } from "../../base/answer.js";
import { counted, fixed } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import { terminalTable } from "../../base/table/terminal.js";
import { isAbsent } from "../../system/probe/reading.js";
import { shortBytes } from "../snapshot/short.js";
import type { ImportAnswer } from "./run.js";

const MOST_ROWS = 20;

/** What `bytesper import` prints for people: the cost, and the packages with `--verbose`. */
export function importAnswer(answer: ImportAnswer): Answer {
  const { module, importMs, heapBytes, externalBytes, nativeBytes, pssBytes, packages, trials } = answer;
  const known = heapBytes.value + externalBytes.value;
  const largest = packages.filter(({ name }) => !name.startsWith("(")).slice(0, 3);
  const readings: Table = {
    caption: "",
    columns: [
      { title: "reading", align: "left" },
      { title: "median (range)", align: "left" },
    ],
    rows: [
      ["V8's heap", bytes(heapBytes)],
      ["external", bytes(externalBytes)],
      ["native beyond", bytes(nativeBytes)],
      ["process (PSS)", bytes(pssBytes)],
      ["time", `${ms(importMs.value)} (${ms(importMs.low)} to ${ms(importMs.high)})`],
    ],
    notes: [
      `Median and range of ${counted(trials, "fresh process", "fresh processes")}, with Node's default flags.`,
    ],
  };
  const byPackage: Table = {
    caption: "By package",
    columns: [
      { title: "package", align: "left" },
      { title: "bytes", align: "right" },
      { title: "time", align: "right" },
      { title: "modules", align: "right" },
    ],
    rows: packages
      .slice(0, MOST_ROWS)
      .map(({ name, bytes: own, ms: time, modules }) => [name, shortBytes(own), ms(time), fixed(modules, 0)]),
    notes: [
      ...(packages.length > MOST_ROWS ? [`${fixed(packages.length - MOST_ROWS, 0)} more with --json.`] : []),
      "Bytes by package are the new objects of two heap snapshots that only the package's code holds; (shared) is what several hold. Time by package comes from a CPU profile of one more process; (Node) is its loader, reading and waiting.",
    ],
  };
  return {
    sentences: [
      known > 0
        ? `Importing ${module} costs ${shortBytes(known)} of V8's memory and ${ms(importMs.value)}.`
        : `Importing ${module} costs ${ms(importMs.value)}, and less of V8's memory than these readings can tell (the heap changed by ${shortBytes(known)}).`,
      ...(isAbsent(pssBytes) ? [] : [`The whole process grows by ${bytes(pssBytes)}.`]),
      ...(largest.length === 0
        ? []
        : [
            `Most of it: ${largest.map((each) => `${each.name} ${shortBytes(each.bytes)} and ${ms(each.ms)}`).join(", ")}.`,
          ]),
    ],
    next: ["By package: --verbose. Unrounded: --json."],
    details: [readings, byPackage].map(terminalTable).join("\n\n"),
  };
}

function ms(value: number): string {
  return value < 10 ? `${fixed(value, 1)} ms` : `${fixed(value, 0)} ms`;
}

function bytes(reading: ImportAnswer["pssBytes"]): string {
  if (isAbsent(reading)) return `not known: ${reading.absent}`;
  const [value, low, high] = [reading.value, reading.low, reading.high].map(shortBytes);
  return low === high ? `${value}` : `${value} (${low} to ${high})`;
}
