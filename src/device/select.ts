import { BytesperError } from "../base/errors.js";
import { bytesWithBinaryUnit } from "../base/format.js";
import { sentence } from "../base/sentence.js";
import { loadAddon } from "../system/native/load.js";
import { readDriver } from "../system/driver/reader.js";
import type { CudaReport } from "../system/native/contract.js";
import type { Absent } from "../system/probe/reading.js";
import { isAbsent } from "../system/probe/reading.js";
import { MemoryPool } from "./memory-pool.js";
import { deviceBytes } from "./second-route.js";
import { selfCheck } from "./self-check.js";

/** The device that an experiment runs on; it was checked and has caps. */
export interface SelectedDevice {
  /** "cpu" or "cuda:N". */
  device: string;
  capBytes: number;
  /**
   * The most bytes that a search for a limit fills: the user's cap if there is one, otherwise at most 4 GiB
   * of the host's memory.
   */
  searchCapBytes: number;
  /** Instruction set whose results agreed with the reference on this device. */
  instructionSet: string;
  /** What the user should be told once. */
  notices: string[];
  warnings: { name: string; message: string }[];
}

/** Share of the memory that is free now. Pools on the host may take this share if there is no cap. */
const HOST_SHARE = 0.8;
/** The same for a GPU, whose driver and context need some memory too. */
const DEVICE_SHARE = 0.9;
/** Filling the host's memory again and again would take minutes and give no new information. */
const SEARCH_CAP_BYTES = 4 * 2 ** 30;
/** Cap of the pool for the check. The check uses little; most of it is the workspace of many cores. */
const CHECK_POOL_BYTES = 256 * 2 ** 20;

/**
 * Finds the device. "auto" means the CPU, and a notice says so: the CUDA kernels of this version have not run
 * on hardware yet, so the user must ask for them. Throws `USAGE` for an unknown name, `NO_DRIVER` and
 * `NO_DEVICE` if the GPU that was asked for cannot be used.
 */
export async function selectDevice(
  name: string,
  { capBytes, defaultCapBytes, signal }: DeviceChoice & { signal?: AbortSignal } = {},
): Promise<SelectedDevice> {
  if (!/^(auto|cpu|cuda(:\d+)?)$/.test(name))
    throw new BytesperError("USAGE", `"${name}" is not a device; give auto, cpu, cuda or cuda:N.`);
  const given = {
    ...(capBytes === undefined ? {} : { capBytes }),
    ...(defaultCapBytes === undefined ? {} : { defaultCapBytes }),
  };
  if (name === "cpu") return cpu({ ...given, notices: [] });
  // Asked in a process of its own, because a driver that hangs would freeze this one.
  const driver = await readDriver("cuda", signal);
  if (name === "auto") return cpu({ ...given, notices: [`Running on the CPU: ${whyNotCuda(driver)}.`] });
  return cuda(name === "cuda" ? "cuda:0" : name, { ...given, driver });
}

/** The cap that the user gives, and the one without a word of the user. Without either, most of what is free. */
interface DeviceChoice {
  capBytes?: number;
  /** The same on every machine, so that tables compare; less only where less is free. */
  defaultCapBytes?: number;
}

async function cpu(options: DeviceChoice & { notices: string[] }): Promise<SelectedDevice> {
  const { capBytes, notices } = options;
  const checked = await checkedInstructionSet();
  const free = Math.floor(HOST_SHARE * process.availableMemory());
  const cap = capOf(options, free);
  const warnings = [...checked.warnings, ...lowCapWarning(options, cap)];
  return {
    device: "cpu",
    capBytes: cap,
    searchCapBytes: capBytes ?? Math.min(SEARCH_CAP_BYTES, cap),
    instructionSet: checked.instructionSet,
    notices: [...notices, ...warnings.map(({ message }) => message)],
    warnings,
  };
}

function capOf({ capBytes, defaultCapBytes = Infinity }: DeviceChoice, free: number): number {
  return capBytes ?? Math.min(defaultCapBytes, free);
}

function lowCapWarning({ capBytes, defaultCapBytes }: DeviceChoice, cap: number): SelectedDevice["warnings"] {
  if (capBytes !== undefined || defaultCapBytes === undefined || cap >= defaultCapBytes) return [];
  const message = `The cap on device memory is ${bytesWithBinaryUnit(cap)} because no more is free; other machines have ${bytesWithBinaryUnit(defaultCapBytes)}, so tables of both do not compare: give both the same --device-cap.`;
  return [{ name: "cap-below-default", message }];
}

async function cuda(
  device: string,
  options: DeviceChoice & { driver: CudaReport | Absent },
): Promise<SelectedDevice> {
  const { driver } = options;
  if (isAbsent(driver) && driver.absent.includes("did not answer"))
    throw new BytesperError("NO_DEVICE", `${device} cannot be used: ${driver.absent}.`);
  const pool = openPool(device);
  try {
    const mismatches = await selfCheck(pool, "").catch((error: unknown) => {
      if (error instanceof BytesperError && error.code === "DEVICE_FAILED")
        throw new BytesperError("NO_DEVICE", `${device} cannot be used: ${error.message}`, { cause: error });
      throw error;
    });
    const worst = mismatches.sort((a, b) => b.error - a.error)[0];
    if (worst !== undefined) {
      const message = `The ${worst.kernel} kernel of ${device} is off by ${worst.error.toExponential(1)} in ${worst.dtype}: nothing runs on it, the CPU takes its place; please report it with the name of the device.`;
      const fallback = await cpu({ ...options, notices: [message] });
      return { ...fallback, warnings: [{ name: "kernel-mismatch", message }, ...fallback.warnings] };
    }
    const message =
      "The CUDA kernels of this version had not run on hardware when it was made; on this device they agreed with the float64 reference.";
    const cap = capOf(options, options.capBytes ?? freeBytes(device, driver));
    const lowCap = lowCapWarning(options, cap);
    return {
      device,
      capBytes: cap,
      searchCapBytes: cap,
      instructionSet: "cuda",
      notices: [message, ...lowCap.map((each) => each.message)],
      warnings: [{ name: "kernels-untried", message }, ...lowCap],
    };
  } finally {
    await pool.close();
  }
}

/** A pool for the check. Throws `NO_DRIVER` or `NO_DEVICE`. */
function openPool(device: string): MemoryPool {
  try {
    return new MemoryPool({ device, capBytes: CHECK_POOL_BYTES });
  } catch (error) {
    if (!(error instanceof BytesperError)) throw error;
    throw new BytesperError(error.code, `There is no device ${device} here: ${clause(error)}.`, {
      cause: error,
    });
  }
}

/** The reason without the name of the device. */
function clause(error: BytesperError): string {
  return sentence(error).replace(/^cuda:\d+ cannot be used: /, "");
}

function freeBytes(device: string, report: CudaReport | Absent): number {
  const { bytes } = deviceBytes(device);
  const total = isAbsent(report) ? report : report.devices[Number(device.split(":")[1])]?.totalBytes;
  if (typeof bytes === "number" && typeof total === "number")
    return Math.floor(DEVICE_SHARE * (total - bytes));
  throw new BytesperError(
    "NO_DEVICE",
    `The driver does not tell how much memory of ${device} is free; give --device-cap.`,
  );
}

function whyNotCuda(report: CudaReport | Absent): string {
  if (isAbsent(report)) return report.absent;
  if (report.devices.length === 0) return "the driver lists no device";
  return "the CUDA kernels have not run on hardware yet and must be asked for with --device cuda";
}

/**
 * The widest instruction set whose kernels agree with the float64 reference on this processor. One that does
 * not agree is skipped with a warning. Throws `INSTRUMENT_OFF` if none agrees.
 */
async function checkedInstructionSet(): Promise<Pick<SelectedDevice, "instructionSet" | "warnings">> {
  const warnings: SelectedDevice["warnings"] = [];
  const pool = new MemoryPool({ capBytes: CHECK_POOL_BYTES });
  try {
    for (const instructionSet of loadAddon().cpuInstructionSets()) {
      const worst = (await selfCheck(pool, instructionSet)).sort((a, b) => b.error - a.error)[0];
      if (worst === undefined) return { instructionSet, warnings };
      warnings.push({
        name: "kernel-mismatch",
        message: `The ${instructionSet} code of the ${worst.kernel} kernel is off by ${worst.error.toExponential(1)} in ${worst.dtype} on this processor and was not used; please report it with the processor's name.`,
      });
    }
  } finally {
    await pool.close();
  }
  throw new BytesperError(
    "INSTRUMENT_OFF",
    "No attention kernel agrees with the reference on this processor; nothing was measured, please report it.",
  );
}
