import { BytesperError } from "../../base/errors.js";
import { largestOf } from "../../base/stats/extremes.js";
import { sentence } from "../../base/sentence.js";
import type { CellEnd, CellMemory } from "../../record/cell-end.js";
import type { EnforcementKind } from "../../record/cell.js";
import type { Fits } from "../../record/fits.js";
import type { Absent } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { FitsWork } from "../cell/work.js";
import { searchFits } from "./fits.js";

interface FitsJob {
  work: FitsWork;
  /** Wall time of each process of the search. */
  timeoutMs: number;
  imports: readonly string[];
}

interface RunningSearch {
  end: Promise<CellEnd>;
  stop: (outcome: CellEnd["outcome"], cause: string) => void;
}

/**
 * A search as one cell of a run. It starts its processes from this one, each under a limit of its own, and puts no limit
 * on itself. Where no limit on memory works, the cell still ends well: its answer is why there is no search. The promise
 * `end` never rejects.
 */
export function fitsCell({ work, timeoutMs, imports }: FitsJob): RunningSearch {
  const abort = new AbortController();
  const started = performance.now();
  let stopped: Pick<CellEnd, "outcome" | "cause"> | undefined;
  const ended = (
    enforcement: EnforcementKind,
    peakBytes: CellMemory["peakBytes"],
    rest: Pick<CellEnd, "outcome"> & Partial<CellEnd>,
  ): CellEnd => ({
    records: [],
    durationMs: performance.now() - started,
    memory: {
      enforcement,
      peakBytes,
      largestProcessPeakBytes: absent("each process of a search has a peak of its own"),
      processes: 0,
    },
    evidence: {},
    ...rest,
  });
  const run = async (): Promise<CellEnd> => {
    try {
      const { memoryBytes, context } = work;
      const found = await searchFits(work.subject, {
        memoryBytes,
        // What fits behind the first wall is predicted, which halves the time.
        next: false,
        seed: context.seed,
        factors: context.factors,
        ...(context.conversations === undefined ? {} : { conversations: context.conversations }),
        timeoutMs,
        imports,
        signal: abort.signal,
      });
      return ended(found.enforcement, peakOf(found), { outcome: "ok", data: found });
    } catch (error) {
      const none = absent("the search did not end");
      if (stopped !== undefined) return ended("none", none, stopped);
      if (error instanceof BytesperError && error.code === "NO_ENFORCEMENT")
        return ended("none", none, { outcome: "ok", data: absent(error.message) satisfies Absent });
      const code = error instanceof BytesperError ? { code: error.code } : {};
      return ended("none", none, { outcome: "crash", cause: sentence(error), ...code });
    }
  };
  return {
    end: run(),
    stop: (outcome, cause) => {
      stopped ??= { outcome, cause };
      abort.abort();
    },
  };
}

function peakOf({ runs }: Fits): CellMemory["peakBytes"] {
  const peaks = runs.flatMap(({ peakBytes }) => (isAbsent(peakBytes) ? [] : [peakBytes]));
  return peaks.length === 0 ? absent("no process was tried") : largestOf(peaks);
}
