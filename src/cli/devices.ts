import type { Command } from "commander";
import type { NvmlDevice } from "../system/native/contract.js";
import { readDriver } from "../system/driver/reader.js";
import type { Reading } from "../system/probe/reading.js";
import { isAbsent } from "../system/probe/reading.js";
import { bytesIn } from "../base/format.js";
import type { Cell, Table } from "../base/table/table.js";
import { terminalTable } from "../base/table/terminal.js";
import { print } from "./print.js";

/** Lists the NVIDIA devices. If there are none, prints the reason and exits with code 3. */
export function addDevices(program: Command): void {
  program
    .command("devices")
    .description("capacity, used, free and reserved bytes of each NVIDIA device")
    .option("--json", "print JSON")
    .action(async (flags: { json?: boolean }) => {
      const report = await readDriver("nvml");
      const devices = isAbsent(report) ? [] : report.devices;
      const reason = isAbsent(report)
        ? report.absent
        : devices.length === 0
          ? "the driver lists no device"
          : undefined;
      if (flags.json === true) {
        const driver = isAbsent(report) ? report : report.driverVersion;
        const document = {
          devices: devices.map((device) => ({ ...device, driver })),
          ...(reason === undefined ? {} : { absent: reason }),
        };
        process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      } else if (reason === undefined) print(`${terminalTable(tableOf(devices))}\n`);
      else process.stderr.write(`${reason.charAt(0).toUpperCase()}${reason.slice(1)}.\n`);
      if (reason !== undefined) process.exitCode = 3;
    });
}

function tableOf(devices: readonly NvmlDevice[]): Table {
  const cell = (reading: Reading): Cell =>
    isAbsent(reading) ? { absent: reading.absent } : bytesIn(reading, "MiB", 2 ** 20);
  return {
    caption: "NVIDIA devices, MiB of 1024 KiB",
    columns: ["index", "name", "total", "used", "free", "reserved"].map((title) => ({
      title,
      align: title === "name" ? "left" : "right",
    })),
    rows: devices.map(({ index, name, totalBytes, usedBytes, freeBytes, reservedBytes }) => [
      String(index),
      isAbsent(name) ? { absent: name.absent } : name,
      cell(totalBytes),
      cell(usedBytes),
      cell(freeBytes),
      cell(reservedBytes),
    ]),
    notes: [],
  };
}
