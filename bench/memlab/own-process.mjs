/**
 * memlab's other route: one process makes the instances, and memlab takes and reads the snapshot in it.
 * Usage: node own-process.mjs SUBJECT COUNT CLASS; the last line of stdout is {"count", "bytes"}.
 */
import analysis from "@memlab/heap-analysis";
import { retainedBytes } from "./retained.mjs";

const [subject, count, className] = process.argv.slice(2);
const { create } = await import(subject);
const population = Array.from({ length: Number(count) }, (_, index) => create(index));
const answer = retainedBytes(await analysis.takeNodeFullHeap(), className);
console.log(`\n${JSON.stringify(answer)}`);
// Used after the snapshot, so that the instances are alive when it is taken.
process.exitCode = population.length === answer.count ? 0 : 1;
