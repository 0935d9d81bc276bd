/**
 * Writes experiments/durations.json: how long each cell of a shipped experiment took, from journals of whole runs.
 *
 *   node scripts/durations.mjs JOURNAL...
 *
 * `profile` tells from it how long a first run will take; later ones are told from their own journals.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FILE = fileURLToPath(new URL("../experiments/durations.json", import.meta.url));

const journals = process.argv.slice(2);
if (journals.length === 0) {
  console.error("Give the journals of runs of the shipped experiments, full and quick.");
  process.exit(2);
}
const { readJournal } = await import("../dist/runner/journal/read.js");
const { placeOf } = await import("../dist/runner/engine/learned.js");
const { shippedExperiments } = await import("../dist/runner/engine/shipped.js");

const shipped = new Set(shippedExperiments());
const document = JSON.parse(readFileSync(FILE, "utf8"));
for (const journal of journals) {
  const { records } = readJournal(journal, undefined, "counted");
  const kind = records[0]?.request.quick === true ? "quick" : "full";
  const planned = new Map();
  const durations = new Map();
  for (const record of records) {
    const key = `${record.cell}/${record.trial}`;
    if (record.type === "planned" && shipped.has(record.experiment)) planned.set(key, placeOf(record));
    const place = planned.get(key);
    if (record.type !== "finished" || place === undefined) continue;
    durations.set(place, [...(durations.get(place) ?? []), record.end.durationMs]);
  }
  for (const [place, all] of durations)
    document[kind][place] = Math.round(all.reduce((sum, ms) => sum + ms, 0) / all.length);
  document[kind] = Object.fromEntries(Object.entries(document[kind]).sort(([a], [b]) => (a < b ? -1 : 1)));
}
writeFileSync(FILE, `${JSON.stringify(document, null, 2)}\n`);
