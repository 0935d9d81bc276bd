import { fixed } from "../../base/format.js";
import { visible } from "../../base/table/visible.js";
import { wrapped } from "../../base/wrap.js";
import { isAbsent } from "../../system/probe/reading.js";
import { shortBytes } from "../snapshot/short.js";
import type { ImportAnswer } from "./run.js";

const WIDTH = 80;
const MOST_ROWS = 20;
const MOST_NAME = 44;

/** What `bytesper import` prints for people: the cost, then the packages. */
export function importText(answer: ImportAnswer): string {
  const { module, importMs, heapBytes, externalBytes, nativeBytes, pssBytes, packages, trials } = answer;
  const [most] = packages.filter(({ name }) => !name.startsWith("("));
  const known = heapBytes.value + externalBytes.value;
  const verdict = `Importing ${module} costs ${shortBytes(known)} of V8's memory and ${ms(importMs.value)}${most === undefined ? "" : `; most of it is ${most.name} with ${shortBytes(most.bytes)} and ${ms(most.ms)}`}.`;
  const lines = [
    ["V8's heap", bytes(heapBytes)],
    ["external", bytes(externalBytes)],
    ["native beyond", bytes(nativeBytes)],
    ["process (PSS)", bytes(pssBytes)],
    ["time", `${ms(importMs.value)} (${ms(importMs.low)} to ${ms(importMs.high)})`],
  ].map(([name = "", text = ""]) => wrapped(text, WIDTH, " ".repeat(15), name.padEnd(15)));
  const rows = packages.slice(0, MOST_ROWS).map(({ name, bytes: own, ms: time, modules }) => {
    const shown = visible(name);
    return `${(shown.length > MOST_NAME ? `${shown.slice(0, MOST_NAME - 3)}...` : shown).padEnd(MOST_NAME)}${shortBytes(own).padStart(11)}${ms(time).padStart(11)}${fixed(modules, 0).padStart(9)}`;
  });
  const more =
    packages.length > MOST_ROWS ? `${fixed(packages.length - MOST_ROWS, 0)} more with --json.\n` : "";
  const notes = [
    `Median and range of ${fixed(trials, 0)} fresh processes, with Node's default flags. Bytes by package are the new objects of two heap snapshots that only the package's code holds; (shared) is what several hold. Time by package comes from a CPU profile of one more process; (Node) is its loader, reading and waiting.`,
  ];
  return `${wrapped(visible(verdict), WIDTH)}\n\n${lines.join("\n")}\n\n${"package".padEnd(MOST_NAME)}${"bytes".padStart(11)}${"time".padStart(11)}${"modules".padStart(9)}\n${rows.join("\n")}\n${more}\n${notes.map((note) => wrapped(note, WIDTH)).join("\n")}\n`;
}

function ms(value: number): string {
  return value < 10 ? `${fixed(value, 1)} ms` : `${fixed(value, 0)} ms`;
}

function bytes(reading: ImportAnswer["pssBytes"]): string {
  if (isAbsent(reading)) return `not known: ${reading.absent}`;
  return `${shortBytes(reading.value)} (${shortBytes(reading.low)} to ${shortBytes(reading.high)})`;
}
