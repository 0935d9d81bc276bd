import type { Answer } from "../base/answer.js";
import { bytesWithBinaryUnit, fixed, percent } from "../base/format.js";
import { isAbsent } from "../system/probe/reading.js";
import type { Fits, FitsNext, FitsRun, WallName } from "../record/fits.js";

/** What `bytesper fits` prints for people: what fits, what moves the wall, and the runs that show it. */
export function fitsAnswer(fits: Fits): Answer {
  const { subject, memoryBytes, nodeVersion, enforcementText, nodeOptions, measured } = fits;
  const options = nodeOptions.length === 0 ? "" : `, ${nodeOptions.join(" ")}`;
  return {
    sentences: [
      answer(fits),
      ...(fits.safe === undefined
        ? []
        : [`With the safety that was asked for, plan for ${count(fits.safe)}.`]),
      ...fits.next.map((next) => nextLine(next, memoryBytes)),
      ...(measured ? [estimateLine(fits)] : []),
    ],
    doubts: fits.doubts.map((message) => ({ message })),
    next: ["The runs that show it: --verbose."],
    details: [
      `${subject} in ${bytesWithBinaryUnit(memoryBytes)}, Node ${nodeVersion}${options} (${enforcementText})`,
      ...ends(fits.runs).map(runLine),
      ...fits.next.flatMap(({ change, runs = [] }) =>
        runs.length === 0 ? [] : [`With ${change}`, ...ends(runs).map(runLine)],
      ),
      ...(measured ? [`${counted(fits)} in ${fixed(fits.durationMs / 1000, 0)} s.`] : []),
    ].join("\n"),
  };
}

function answer(fits: Fits): string {
  const { lives = 0, dies = 0 } = fits;
  if (!fits.measured)
    return `About ${count(fits.predicted)} are predicted to fit in ${bytesWithBinaryUnit(fits.memoryBytes)}, and ${wallText(fits, fits.wall)} is the wall; not measured: ${fits.reason ?? "unknown"}.`;
  return `${count(lives)} fit in ${bytesWithBinaryUnit(fits.memoryBytes)} and ${count(dies)} do not: ${wallText(fits, fits.wall)} is the wall.`;
}

function wallText({ oldSpaceBytes, memoryBytes, nodeOptions }: Fits, wall: WallName): string {
  switch (wall) {
    case "heap": {
      const own = nodeOptions.some((option) => /max[-_](?:old|heap)/.test(option));
      return `V8's limit of ${bytesWithBinaryUnit(oldSpaceBytes)} on its old generation${own ? "" : " (Node's own choice in a container of this size)"}`;
    }
    case "container":
      return `the container of ${bytesWithBinaryUnit(memoryBytes)}`;
    default:
      return WALL_TEXTS[wall];
  }
}

const WALL_TEXTS: Record<Exclude<WallName, "heap" | "container">, string> = {
  native: "memory outside of V8's heap",
  descriptors: "the limit on open descriptors",
  language: "a limit of the language",
  subject: "the subject itself",
};

/** The two processes that are the answer: the largest that lived and the smallest that died. */
function ends(runs: readonly FitsRun[]): FitsRun[] {
  const best = (lives: boolean): FitsRun[] =>
    runs
      .filter((run) => run.lives === lives)
      .sort((a, b) => (lives ? b.target - a.target : a.target - b.target))
      .slice(0, 1);
  return [...best(true), ...best(false)];
}

function runLine(run: FitsRun): string {
  const took = `${fixed(run.durationMs / 1000, 1)} s`;
  const peak = isAbsent(run.peakBytes) ? "" : `, peak ${bytesWithBinaryUnit(run.peakBytes)}`;
  if (run.lives) {
    const heap = run.heapBytes === undefined ? "" : `, heap ${bytesWithBinaryUnit(run.heapBytes)}`;
    return `  lives  ${count(run.target)}: exit code 0${peak}${heap}, ${took}`;
  }
  const status = run.exitSignal === null ? `exit code ${run.exitCode ?? "unknown"}` : run.exitSignal;
  const said = run.v8Message ?? run.cause;
  const kills = run.oomKills === undefined ? "" : `, oom_kill ${run.oomKills}`;
  return `  dies   ${count(run.target)}: at ${count(run.reached)} with ${status}${kills}${peak}, ${took}${said === undefined ? "" : `: ${said}`}`;
}

function estimateLine({ predicted, predictedWall, predictedRelativeError }: Fits): string {
  const off = predictedRelativeError ?? 0;
  const doubt = Math.abs(off) > 0.05 ? "; more than 5 % off, so do not rely on it for this subject" : "";
  return `Estimate by the line: ${count(predicted)} (${off >= 0 ? "+" : ""}${percent(off, 1)}), by the ${predictedWall}${doubt}.`;
}

function nextLine(
  { change, measured, lives = 0, dies = 0, predicted, wall, runs = [] }: FitsNext,
  memoryBytes: number,
): string {
  const at = ends(runs).at(-1)?.peakBytes;
  const near =
    typeof at === "number" && wall === "heap"
      ? `, with ${percent(Math.max(0, 1 - at / memoryBytes), 0)} of the container left`
      : "";
  const name = wall === "heap" ? "that limit" : wall === "container" ? "the container" : WALL_TEXTS[wall];
  if (!measured)
    return `With ${change} about ${count(predicted)} are predicted to fit; then ${name} is the wall.`;
  return `With ${change} ${count(lives)} fit and ${count(dies)} do not; then ${name} is the wall${near}.`;
}

function counted({ runs, next }: Fits): string {
  const processes = runs.length + next.flatMap((each) => each.runs ?? []).length;
  return processes === 1 ? "1 process was tried" : `${fixed(processes, 0)} processes were tried`;
}

function count(value: number): string {
  return fixed(value, 0);
}
