/** Makes COUNT instances of SUBJECT and writes the heap snapshot to FILE: node take-snapshot.mjs SUBJECT COUNT FILE. */
import { writeHeapSnapshot } from "node:v8";

const [subject, count, file] = process.argv.slice(2);
const { create } = await import(subject);
const population = Array.from({ length: Number(count) }, (_, index) => create(index));
writeHeapSnapshot(file);
// Used after the snapshot, so that the instances are alive when it is taken.
process.exitCode = population.length === Number(count) ? 0 : 1;
