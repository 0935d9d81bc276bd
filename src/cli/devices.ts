import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../base/duration.js";
import { bytesIn, bytesWithBinaryUnit, counted } from "../base/format.js";
import type { Cell, Table } from "../base/table/table.js";
import { terminalTable } from "../base/table/terminal.js";
import { DriverReader } from "../system/driver/reader.js";
import { readText } from "../system/kernel-file.js";
import { hasHostPids } from "../system/process.js";
import type { NvmlDevice, NvmlReport } from "../system/native/contract.js";
import type { Absent, Reading } from "../system/probe/reading.js";
import { absent, isAbsent } from "../system/probe/reading.js";
import { print } from "./print.js";

const EVERY_MS = 1000;
const CLEAR = "\u001b[H\u001b[2J";

interface Flags {
  json?: boolean;
  watch?: boolean | string;
  times?: number;
}

/** Lists the NVIDIA devices. If there are none, prints the reason and exits with code 3. */
export function addDevices(program: Command): void {
  program
    .command("devices")
    .description("capacity, used, free and reserved bytes of each NVIDIA device, and of its processes")
    .option("--json", "print JSON; with --watch one document a line")
    .option(
      "--watch [interval]",
      "print again and again, every second or in this interval, until an interrupt",
    )
    .option("--times <count>", "with --watch: print so often, then end", countOf)
    .action(watchDevices);
}

async function watchDevices({ json = false, watch = false, times }: Flags): Promise<void> {
  const everyMs = typeof watch === "string" ? parseDuration(watch) : EVERY_MS;
  const most = watch === false ? 1 : (times ?? Number.POSITIVE_INFINITY);
  const reader = new DriverReader();
  /** Bytes of each process when it was first seen. */
  const first = new Map<string, number>();
  try {
    for (let time = 1; time <= most; time += 1) {
      const report = await reader.read("nvml");
      const reason = whyNone(report);
      if (reason !== undefined) {
        if (json) process.stdout.write(documentOf(report, reason, watch !== false));
        else process.stderr.write(`${reason.charAt(0).toUpperCase()}${reason.slice(1)}.\n`);
        process.exitCode = 3;
        return;
      }
      if (json) process.stdout.write(documentOf(report, reason, watch !== false));
      else if (!isAbsent(report)) {
        const tables = [deviceTable(report.devices), processTable(report.devices, first)];
        const shown = tables.filter(({ rows }) => rows.length > 0).map(terminalTable);
        // Where it is printed again and again, the table is what changes.
        if (watch === false) shown.push(answerLines(report.devices).join("\n"));
        print(`${watch !== false && process.stdout.isTTY ? CLEAR : ""}${shown.join("\n\n")}\n`);
      }
      if (time < most) await sleep(everyMs);
    }
  } finally {
    reader.close();
  }
}

const SAID_DEVICES = 5;

/** What one wants to know of each device first; the table above has all of them. */
function answerLines(devices: readonly NvmlDevice[]): string[] {
  const said = devices.slice(0, SAID_DEVICES).map(({ index, name, totalBytes, usedBytes, freeBytes }) => {
    const [total, used, free] = [totalBytes, usedBytes, freeBytes].map((reading) =>
      isAbsent(reading) ? `unknown (${reading.absent})` : bytesWithBinaryUnit(reading),
    );
    return `Device ${index}${isAbsent(name) ? "" : ` (${name})`}: ${free} free of ${total}; used: ${used}.`;
  });
  const rest = devices.length - SAID_DEVICES;
  return rest > 0 ? [...said, `${counted(rest, "further device")}: in the table.`] : said;
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("It must be a whole number from 1.");
}

function whyNone(report: NvmlReport | Absent): string | undefined {
  if (isAbsent(report)) return report.absent;
  return report.devices.length === 0 ? "the driver lists no device" : undefined;
}

function documentOf(report: NvmlReport | Absent, reason: string | undefined, onOneLine: boolean): string {
  const devices = isAbsent(report) ? [] : report.devices;
  const driver = isAbsent(report) ? report : report.driverVersion;
  const document = {
    devices: devices.map((device) => ({ ...device, driver })),
    ...(reason === undefined ? {} : { absent: reason }),
  };
  return `${onOneLine ? JSON.stringify(document) : JSON.stringify(document, null, 2)}\n`;
}

const mebibytes = (reading: Reading): Cell =>
  isAbsent(reading) ? { absent: reading.absent } : bytesIn(reading, "MiB", 2 ** 20);

/** A device, or its instance with the number behind a colon. */
interface Part extends Omit<NvmlDevice, "index" | "migDevices"> {
  label: string;
}

function partsOf(devices: readonly NvmlDevice[]): Part[] {
  return devices.flatMap(({ migDevices, ...device }) => {
    const instances = migDevices === undefined || isAbsent(migDevices) ? [] : migDevices;
    return [
      { ...device, label: String(device.index) },
      ...instances.map((instance) => ({ ...instance, label: `${device.index}:${instance.index}` })),
    ];
  });
}

function deviceTable(devices: readonly NvmlDevice[]): Table {
  return {
    caption: "NVIDIA devices, MiB of 1024 KiB",
    columns: ["index", "name", "total", "used", "free", "reserved"].map((title) => ({
      title,
      align: title === "name" ? "left" : "right",
    })),
    rows: partsOf(devices).map(({ label, name, totalBytes, usedBytes, freeBytes, reservedBytes }) => [
      label,
      isAbsent(name) ? { absent: name.absent } : name,
      ...[totalBytes, usedBytes, freeBytes, reservedBytes].map(mebibytes),
    ]),
    notes: [],
  };
}

/** Processes by what they hold, the largest first, with the change since each was first seen. */
function processTable(devices: readonly NvmlDevice[], first: Map<string, number>): Table {
  // Where a device is partitioned, its instances list the processes.
  const parts = partsOf(devices).filter(
    ({ label }, _, all) => !all.some((each) => each.label.startsWith(`${label}:`)),
  );
  const entries = parts.flatMap(({ label, processes }) =>
    isAbsent(processes) ? [] : processes.map((each) => ({ label, ...each })),
  );
  const size = ({ usedBytes }: { usedBytes: Reading }): number => (isAbsent(usedBytes) ? 0 : usedBytes);
  const unknown = parts.flatMap(({ label, processes }) =>
    isAbsent(processes) ? [`Processes of ${label}: ${processes.absent}.`] : [],
  );
  return {
    caption: "Processes",
    columns: ["device", "pid", "program", "used", "since first seen"].map((title) => ({
      title,
      align: title === "program" ? "left" : "right",
    })),
    rows: entries
      .sort((a, b) => size(b) - size(a))
      .map(({ label, pid, usedBytes }) => [
        label,
        String(pid),
        programOf(pid),
        mebibytes(usedBytes),
        mebibytes(changeOf(`${label} ${pid}`, usedBytes, first)),
      ]),
    notes: unknown,
  };
}

function changeOf(key: string, usedBytes: Reading, first: Map<string, number>): Reading {
  if (isAbsent(usedBytes)) return usedBytes;
  const before = first.get(key) ?? usedBytes;
  first.set(key, before);
  return usedBytes - before;
}

/** In a container the driver mostly lists pids of the host, and the same number may be another process here. */
function programOf(pid: number): Cell {
  if (hasHostPids() !== true)
    return absent("in a container the driver lists pids of the host, so a program cannot be told by its pid");
  return readText(`/proc/${pid}/comm`)?.trim() ?? absent("no process with this pid can be read here");
}
