import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { readJournal } from "../journal/read.js";
import type { Factors } from "../../experiment/define.js";
import { canonical } from "./content-hash.js";
import type { Expectation } from "./need.js";
import type { RunState } from "./state.js";
import { stateOf } from "./state.js";

/** Most earlier runs that are read. Older ones say little about today's code. */
const MOST_JOURNALS = 5;

/** What earlier runs tell about cells. */
export interface Learned {
  /** The largest memory and duration by the hash of the cell. */
  cells: Map<string, Expectation>;
  /** The latest duration by the place in the grid, which a cell keeps when its source changes, ms. */
  durations: Map<string, number>;
}

interface Place {
  experiment: string;
  role: string;
  part?: string | undefined;
  factors: Factors;
}

/** The place of a cell in the grid. */
export function placeOf({ experiment, role, part, factors }: Place): string {
  return canonical([experiment, role, part ?? null, factors]);
}

/** Memory and duration of each cell, from this run and the latest runs in the folder. */
export function expectations(out: string, state: RunState | undefined): Learned {
  const learned = new Map<string, Expectation>();
  const durations = new Map<string, number>();
  for (const earlier of [...latestStates(out, state?.run.runId), ...(state === undefined ? [] : [state])])
    for (const { planned, last } of earlier.units.values()) {
      if (last === undefined || last.end.outcome !== "ok") continue;
      const { memory, durationMs } = last.end;
      durations.set(placeOf(planned), durationMs);
      const known = learned.get(planned.cell);
      const peak = typeof memory.peakBytes === "number" ? memory.peakBytes : memory.largestProcessPeakBytes;
      learned.set(planned.cell, {
        durationMs: Math.max(known?.durationMs ?? 0, durationMs),
        ...(typeof peak === "number" ? { peakBytes: Math.max(known?.peakBytes ?? 0, peak) } : {}),
      });
    }
  return { cells: learned, durations };
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
