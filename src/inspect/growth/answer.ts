import { isAbsent } from "../../system/probe/reading.js";
import type { Reading } from "../../system/probe/reading.js";
import type { RoundReading, RoundsData } from "./rounds.js";
import type { Course, Interval, Verdict } from "./verdict.js";
import { courseOf, intervalOf, missing } from "./verdict.js";
import { largestOf } from "../../base/stats/extremes.js";

type Absent = { absent: string };

/** What `bytesper growth` answers; `--json` prints it as it is. */
export interface GrowthAnswer {
  subject: string;
  verdict: Verdict;
  retainedVerdict: Verdict;
  /** V8's heap and what V8 knows outside of it. */
  retainedPerCallBytes: Interval;
  /** Memory of malloc that V8 does not know of. */
  nativePerCallBytes: Interval | Absent;
  /** What the kernel counts beyond both. */
  kernelPerCallBytes: Interval | Absent;
  allocatedPerCallBytes: Interval;
  /** Collections in a thousand calls. */
  scavengesPer1000Calls: number;
  majorsPer1000Calls: number;
  /** What the first calls took once. */
  onceBytes: number;
  /** Less a call would not have been seen. */
  minimumDetectableBytes: number;
  calls: number;
  trials: number;
  wallMsPerCall: number;
  /** What holds the growth, and its class. */
  path?: string;
  class?: string;
  holders?: { name: string; count: number; bytesPerCall: number; path: string }[];
  doubts: { name: string; message: string }[];
}

/** A settled heap repeats to the byte; code that V8 compiles late takes some kilobytes. */
const HEAP_NOISE_BYTES = 4096;
/** V8 and libuv take and return blocks of their own. */
const NATIVE_NOISE_BYTES = 2 ** 17;
/** The kernel counts pages, and V8 takes and returns a quarter of a megabyte at once. */
const KERNEL_NOISE_BYTES = 2 ** 21;

export function answerOf(subject: string, trials: readonly RoundsData[]): GrowthAnswer {
  const doubts: GrowthAnswer["doubts"] = [];
  const heap = trials.map(({ readings }) => courseOf(readings, liveBytes, HEAP_NOISE_BYTES));
  const native = nativeCourses(trials);
  const kernel = kernelCourses(trials);
  const retainedVerdict = together(heap);
  const nativeVerdict = isAbsent(native) ? "flat" : together(native);
  const kernelVerdict = isAbsent(kernel) ? "flat" : together(kernel);
  const verdicts = [retainedVerdict, nativeVerdict, kernelVerdict];
  const verdict =
    verdicts.find((each) => each === "grows") ?? verdicts.find((each) => each !== "flat") ?? "flat";
  if (heap.some((course) => course.verdict !== retainedVerdict))
    doubts.push({
      name: "trials-disagree",
      message: `the trials say ${heap.map((course) => course.verdict).join(", ")}; measure with more calls (--calls) or trials`,
    });
  if (verdict !== "grows" && heap.some(({ step }) => step))
    doubts.push({
      name: "grew-in-steps",
      message:
        "the heap grew in some of the last rounds and not in all, as a cache does that fills slowly; more calls (--calls) tell it from a leak",
    });
  if (trials.some(({ readings }) => readings.some(({ settled }) => !settled)))
    doubts.push({
      name: "not-settled",
      message: "the heap still changed between two collections at a reading",
    });
  const leftOpen = largestOf(trials.map((trial) => trial.leftOpen));
  if (leftOpen > 0)
    doubts.push({
      name: "left-open",
      message: `${leftOpen} timers, sockets or other handles were open at the end that were not at the start`,
    });
  if (verdict === "grows" && retainedVerdict !== "grows")
    doubts.push({
      name: "outside-v8",
      message: "the growth is memory that V8 does not know of, so no heap snapshot can say who holds it",
    });
  const watched = trials.map((trial) => trial.watched);
  const calls = watched.reduce((sum, each) => sum + each.calls, 0);
  const per1000 = (of: (each: RoundsData["watched"]) => number): number =>
    calls === 0 ? 0 : (1000 * watched.reduce((sum, each) => sum + of(each), 0)) / calls;
  const allocated = watched.map((each) => each.allocatedBytes / each.calls);
  return {
    subject,
    verdict,
    retainedVerdict,
    retainedPerCallBytes: over(heap),
    nativePerCallBytes: isAbsent(native) ? native : over(native),
    kernelPerCallBytes: isAbsent(kernel) ? kernel : over(kernel),
    allocatedPerCallBytes: intervalOf(allocated, middle(allocated)),
    scavengesPer1000Calls: per1000((each) => each.scavenges),
    majorsPer1000Calls: per1000((each) => each.majors),
    onceBytes: middle(heap.map(({ onceBytes }) => onceBytes)),
    minimumDetectableBytes: largestOf(heap.map(({ detectable }) => detectable)),
    calls: largestOf(trials.map(({ readings }) => readings.at(-1)?.calls ?? 0)),
    trials: trials.length,
    wallMsPerCall: middle(watched.map((each) => each.wallMs / each.calls)),
    doubts,
  };
}

function liveBytes({ heapBytes, externalBytes }: RoundReading): number {
  return heapBytes + externalBytes;
}

/** Malloc holds the buffers that V8 counts as external too. */
function nativeCourses(trials: readonly RoundsData[]): Course[] | Absent {
  const why = trials.map(({ readings }) => missing(readings, ({ mallocBytes }) => mallocBytes)).find(Boolean);
  if (why !== undefined) return { absent: why };
  return trials.map(({ readings }) =>
    courseOf(
      readings,
      (reading) => (reading.mallocBytes as number) - reading.externalBytes,
      NATIVE_NOISE_BYTES,
    ),
  );
}

function kernelCourses(trials: readonly RoundsData[]): Course[] | Absent {
  const bytes = ({ pssAnonBytes, mallocBytes }: RoundReading): Reading =>
    isAbsent(pssAnonBytes) ? pssAnonBytes : mallocBytes;
  const why = trials.map(({ readings }) => missing(readings, bytes)).find(Boolean);
  if (why !== undefined) return { absent: why };
  return trials.map(({ readings }) =>
    courseOf(
      readings,
      ({ pssAnonBytes, mallocBytes, heapPhysicalBytes }) =>
        (pssAnonBytes as number) - (mallocBytes as number) - heapPhysicalBytes,
      KERNEL_NOISE_BYTES,
    ),
  );
}

/** Grows only where most trials say so. */
function together(courses: readonly Course[]): Verdict {
  const count = (verdict: Verdict): number => courses.filter((course) => course.verdict === verdict).length;
  if (2 * count("grows") > courses.length) return "grows";
  return 2 * count("first-calls") > courses.length ? "first-calls" : "flat";
}

/**
 * Over the last rounds of all trials. Bytes a call that are too few to be told from none are 0 where the counter
 * does not grow.
 */
function over(courses: readonly Course[]): Interval {
  if (together(courses) !== "grows") {
    const most = largestOf(courses.map(({ detectable }) => detectable));
    return { value: 0, low: 0, high: most };
  }
  const means = courses.map(({ meanPerCall }) => meanPerCall);
  return intervalOf([...courses.flatMap(({ perCall }) => perCall), ...means], middle(means));
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
