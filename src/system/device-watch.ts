import { setTimeout as sleep } from "node:timers/promises";
import { DriverReader } from "./driver/reader.js";
import type { NvmlDevice, NvmlReport } from "./native/contract.js";
import type { Absent, Reading } from "./probe/reading.js";
import { absent, isAbsent } from "./probe/reading.js";
import { descendsFrom, hasHostPids, pidIsTaken } from "./process.js";

const START_MS = 3_000;
/** Samples of a course that are kept; a figure shows no more. */
const MOST_POINTS = 200;

export const NOT_TOLD_APART =
  "in a container NVML lists pids of the host, so the processes of this tree cannot be told apart";

type Point = [seconds: number, bytes: number];

/**
 * Samples the device memory of a process tree through NVML, which reports bytes for each process, and what is in use on
 * the device in all. A peak between two samples is missed, so both are lower bounds.
 */
export class DeviceWatch {
  readonly #reader = new DriverReader();
  readonly #tree = new Course();
  readonly #all = new Course();
  #before: Reading = absent("the device was not read before the start");
  #asking = false;
  #startedAt = performance.now();

  /** Reads what is in use on the device before the tree starts. A driver that hangs holds it up for a moment only. */
  async start(): Promise<void> {
    const late = sleep(START_MS, undefined, { ref: false });
    const report = await Promise.race([this.#reader.read("nvml"), late]);
    if (report !== undefined) this.#before = deviceUse(report);
    this.#startedAt = performance.now();
  }

  /** Takes a sample of the tree whose root is `root`, unless the one before has not come back yet. */
  async sample(root: number): Promise<Reading> {
    if (this.#asking) return absent("the last sample has not come back yet");
    this.#asking = true;
    const report = await this.#reader.read("nvml");
    this.#asking = false;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const held = deviceBytesOf(root, report);
    this.#tree.add(seconds, held);
    const inUse = deviceUse(report);
    const before = this.#before;
    this.#all.add(seconds, isAbsent(before) ? before : isAbsent(inUse) ? inUse : inUse - before);
    return held;
  }

  close(): void {
    this.#reader.close();
  }

  /** Most bytes of the tree. */
  get peakBytes(): Reading {
    return this.#tree.peak;
  }

  /** Most bytes by which the use of the whole device grew; other users of the device count too. */
  get peakChangeBytes(): Reading {
    return this.#all.peak;
  }

  /** Both over time, where at least two samples were taken. */
  get courses(): { reading: string; over: string; points: Point[] }[] {
    return [
      { reading: "deviceBytes", over: "second", points: this.#tree.points },
      { reading: "deviceChangeBytes", over: "second", points: this.#all.points },
    ].filter(({ points }) => points.length > 1);
  }
}

/** A reading over time. Where there are too many points, of two neighbours the larger one stays. */
class Course {
  points: Point[] = [];
  peak: Reading = absent("no sample was taken while it ran");

  add(seconds: number, reading: Reading): void {
    if (isAbsent(reading)) {
      if (isAbsent(this.peak)) this.peak = reading;
      return;
    }
    this.peak = isAbsent(this.peak) ? reading : Math.max(this.peak, reading);
    this.points.push([seconds, reading]);
    if (this.points.length <= MOST_POINTS) return;
    this.points = this.points.filter((point, at, all) => {
      const other = at % 2 === 0 ? all[at + 1] : all[at - 1];
      return other === undefined || point[1] > other[1] || (point[1] === other[1] && at % 2 === 0);
    });
  }
}

/** Where a device is partitioned, its instances list the processes. */
function listsOf({ devices }: NvmlReport): NvmlDevice["processes"][] {
  return devices.flatMap(({ processes, migDevices }) =>
    migDevices === undefined || isAbsent(migDevices) || migDevices.length === 0
      ? [processes]
      : migDevices.map((instance) => instance.processes),
  );
}

/**
 * Bytes that the processes of a tree hold on all devices together. In a container the driver may list pids of the host,
 * which can be another process here; one that does not exist here shows that it does.
 */
export function deviceBytesOf(
  root: number,
  report: NvmlReport | Absent,
  isHost = hasHostPids() === true,
): Reading {
  if (isAbsent(report)) return report;
  let sum = 0;
  let seen = false;
  for (const processes of listsOf(report)) {
    if (isAbsent(processes)) return processes;
    if (!isHost && processes.some(({ pid }) => !pidIsTaken(pid))) return absent(NOT_TOLD_APART);
    for (const { pid, usedBytes } of processes) {
      if (!descendsFrom(pid, root)) continue;
      if (isAbsent(usedBytes)) return usedBytes;
      sum += usedBytes;
      seen = true;
    }
  }
  if (seen) return sum;
  return absent(isHost ? "NVML lists no process of this tree" : NOT_TOLD_APART);
}

/** Bytes in use on the only device. The driver and CUDA may number several devices in different orders. */
export function deviceUse(report: NvmlReport | Absent): Reading {
  if (isAbsent(report)) return report;
  const [device, ...others] = report.devices;
  if (device === undefined) return absent("the driver lists no device");
  return others.length === 0
    ? device.usedBytes
    : absent(`there are ${report.devices.length} devices, and which of them the command uses is not known`);
}
