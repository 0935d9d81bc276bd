/** Reads a snapshot from disk: node read-snapshot.mjs SNAPSHOT CLASS; the last line of stdout is {"count", "bytes"}. */
import analysis from "@memlab/heap-analysis";
import { retainedBytes } from "./retained.mjs";

const [file, className] = process.argv.slice(2);
const heap = await analysis.getFullHeapFromFile(file);
console.log(`\n${JSON.stringify(retainedBytes(heap, className))}`);
