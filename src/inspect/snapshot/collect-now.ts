import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { trimMalloc } from "../../system/probe/malloc.js";

let collect: (() => void) | undefined;

/**
 * Frees the buffers of columns that nobody refers to any more. V8 would do that only when far more is allocated, and
 * the columns of a large snapshot are most of the memory of this process.
 */
export function collectNow(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
  trimMalloc();
}
