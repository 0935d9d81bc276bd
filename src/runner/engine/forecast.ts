import { bytesWithBinaryUnit, counted, percent } from "../../base/format.js";
import { largestOf } from "../../base/stats/extremes.js";
import { durationText } from "../../base/duration.js";
import type { SelectedDevice } from "../../device/index.js";
import type { Left } from "../schedule/time-left.js";
import type { Expectation } from "./need.js";
import type { PreparedCell } from "./prepare.js";

export interface ForecastInput {
  /** The cells that are to run. */
  cells: readonly PreparedCell[];
  /** Absent where no cell ran on this machine before: durations of another machine may be several times too long. */
  left?: Left;
  slots: number;
  device: SelectedDevice | undefined;
  /** Of the whole machine. */
  memoryBytes: number;
  learned: ReadonlyMap<string, Expectation>;
}

/** What a run will take of the machine, in time and in memory, as sentences for the user before it starts. */
export function forecast({ cells, left, slots, device, memoryBytes, learned }: ForecastInput): string {
  if (cells.length === 0) return "Nothing is left to run.";
  const share = (bytes: number): string =>
    `${bytesWithBinaryUnit(bytes)} (${percent(bytes / memoryBytes, 0)} of this machine)`;
  const takes: string[] = [];
  if (device !== undefined && cells.some(({ work }) => work.kind === "program"))
    takes.push(
      device.device === "cpu"
        ? `Device memory: at most ${share(device.capBytes)} of the host's; --device-cap gives another amount.`
        : `Device memory: at most ${bytesWithBinaryUnit(device.capBytes)} of ${device.device}; --device-cap gives another amount.`,
    );
  const capped = cells.flatMap(({ capBytes }) => capBytes ?? []).sort((a, b) => b - a);
  if (capped.length > 0) {
    const together = capped.slice(0, slots).reduce((sum, bytes) => sum + bytes, 0);
    takes.push(`Cells with a cap on memory: at most ${share(together)} at once.`);
  }
  const containers = cells.flatMap(({ work }) => (work.kind === "fits" ? work.fits.memoryBytes : []));
  if (containers.length > 0)
    takes.push(`The search for how many fit fills containers of up to ${share(largestOf(containers))}.`);
  const free = cells.filter(({ capBytes, work }) => capBytes === undefined && work.kind !== "fits");
  const peaks = free.flatMap(({ cell }) => learned.get(cell)?.peakBytes ?? []);
  if (free.length > 0 && capped.length > 0)
    takes.push(`${counted(free.length, "cell")} without a cap on memory.`);
  if (peaks.length > 0)
    takes.push(
      `Processes without a cap took up to ${bytesWithBinaryUnit(largestOf(peaks))} each in earlier runs.`,
    );
  if (takes.length === 0) takes.push("No cap on memory.");
  return [
    `${counted(cells.length, "cell")}${left === undefined ? "" : `, ${timeText(left)}`}.`,
    ...takes,
  ].join(" ");
}

function timeText({ ms, unknown }: Left): string {
  const rest = unknown === 0 ? "" : ` without the ${unknown} of them that have not run before`;
  return `about ${durationText(ms)}${rest}`;
}
