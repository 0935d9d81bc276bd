import { ownValue } from "../../base/own-value.js";
import type { ExperimentKind } from "../../record/kind.js";

/** What a reading is, in one line. docs/metrics.md says what each reading includes, excludes and costs. */
const OF_POPULATIONS: Record<string, string> = {
  heapBytes: "V8's used heap after a proven full collection, as a change over the reading before",
  externalBytes: "what array buffers, strings and addons declare to V8; a claim, not a count",
  nativeBytes: "malloc in use over all arenas (mallinfo2), array buffer data included",
  pssBytes: "resident pages by the kernel (smaps_rollup), shared ones divided by their users",
  rssBytes: "resident pages by the kernel (VmRSS), shared ones in full; moves in pages",
  ussBytes: "resident pages of this process alone",
  vmHwmBytes: "the largest VmRSS of this very process",
};

const OF_COMMANDS: Record<string, string> = {
  peakBytes: "the largest memory of the process tree",
  pssBytes: "PSS of the process tree at its last line of JSON",
  mainPssBytes: "PSS of the first process at its last line of JSON",
  durationMs: "wall time from start to end",
};

const OF_POOLS: Record<string, string> = {
  usedBytes: "the pool's own sum of the requested bytes",
  reservedBytes: "the pool's own sum of its segments, whole pages",
  secondRouteBytes: "pages of the process (host) or the driver's total less free (GPU), read independently",
};

/** How a reading was taken. A reading under a program's own name was taken by that program. */
export function methodOf(name: string, kind: ExperimentKind): string {
  if (kind === "population") return ownValue(OF_POPULATIONS, name) ?? "as docs/metrics.md says";
  if (kind === "command")
    return ownValue(OF_COMMANDS, name) ?? "by the command, which prints it under this name";
  const ofPool = ownValue(OF_POOLS, name);
  if (ofPool !== undefined) return ofPool;
  if (/UsedHighWaterBytes$/.test(name))
    return "the largest sum of requested bytes in the pool since its last reset";
  if (/ReservedHighWaterBytes$/.test(name))
    return "the largest sum of the pool's segments since its last reset";
  if (/SecondRouteBytes$/.test(name)) return OF_POOLS.secondRouteBytes as string;
  if (/Ms$/.test(name)) return "steady clock, in the program";
  return "by the experiment's program, which answers it under this name";
}
