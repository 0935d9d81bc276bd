/**
 * memlab's answer to "what does one instance cost": the retained size of all instances of the subject's class,
 * added up over dominators so that nothing counts twice, divided by their number.
 * Usage: node retained.mjs SUBJECT CLASS COUNT [SNAPSHOT]; prints {"count", "bytes"}.
 *
 * Without SNAPSHOT memlab takes the snapshot of this process itself (its takeNodeFullHeap); with it the
 * snapshot was written by another process and is only read here.
 */
import { writeSync } from "node:fs";
import memlab from "@memlab/core";
import analysis from "@memlab/heap-analysis";

const [subject, className, count, snapshotFile] = process.argv.slice(2);

let population;
if (snapshotFile === undefined) {
  const { create } = await import(subject);
  population = Array.from({ length: Number(count) }, (_, index) => create(index));
}
const heap =
  snapshotFile === undefined
    ? await analysis.takeNodeFullHeap()
    : await analysis.getFullHeapFromFile(snapshotFile);

const ids = [];
heap.nodes.forEach((node) => {
  // The class itself carries the same name; it is a closure.
  if (node.type === "object" && node.name === className) ids.push(node.id);
});
let bytes = 0;
for (const id of analysis.getDominatorNodes(new memlab.NumericSet(ids), heap)) {
  bytes += heap.getNodeById(id).retainedSize;
}
// memlab draws progress on stdout; the answer is the last line.
writeSync(1, `\n${JSON.stringify({ count: ids.length, bytes })}\n`);
if (population !== undefined && population.length !== ids.length) process.exitCode = 1;
