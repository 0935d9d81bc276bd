import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { readJournal } from "../journal/read.js";
import type { Expectation } from "./need.js";
import type { RunState } from "./state.js";
import { stateOf } from "./state.js";

/** Most earlier runs that are read. Older ones say little about today's code. */
const MOST_JOURNALS = 5;

/**
 * Memory and duration of each cell, by its hash: the largest values from this run and the latest runs in the
 * folder.
 */
export function expectations(out: string, state: RunState | undefined): Map<string, Expectation> {
  const learned = new Map<string, Expectation>();
  for (const earlier of [...latestStates(out, state?.run.runId), ...(state === undefined ? [] : [state])])
    for (const { planned, last } of earlier.units.values()) {
      if (last === undefined || last.end.outcome !== "ok") continue;
      const { memory, durationMs } = last.end;
      const known = learned.get(planned.cell);
      const peak = typeof memory.peakBytes === "number" ? memory.peakBytes : memory.largestProcessPeakBytes;
      learned.set(planned.cell, {
        durationMs: Math.max(known?.durationMs ?? 0, durationMs),
        ...(typeof peak === "number" ? { peakBytes: Math.max(known?.peakBytes ?? 0, peak) } : {}),
      });
    }
  return learned;
}

function latestStates(out: string, except: string | undefined): RunState[] {
  let files: string[];
  try {
    files = readdirSync(join(out, "runs")).filter((name) => name.endsWith(".jsonl"));
  } catch {
    return [];
  }
  return files
    .filter((name) => name !== `${except ?? ""}.jsonl`)
    .sort()
    .slice(-MOST_JOURNALS)
    .flatMap((name) => {
      try {
        return stateOf(readJournal(join(out, "runs", name), undefined, "counted").records) ?? [];
      } catch (error) {
        if (error instanceof BytesperError) return [];
        throw error;
      }
    });
}
