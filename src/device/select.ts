import { BytesperError } from "../errors.js";
import { loadAddon } from "../native/load.js";
import { cudaDevices } from "../probe/cuda.js";
import { isAbsent } from "../probe/reading.js";
import { MemoryPool } from "./memory-pool.js";
import { selfCheck } from "./self-check.js";

/** The device that an experiment runs on, checked and bounded. */
export interface SelectedDevice {
  /** "cpu" or "cuda:N". */
  device: string;
  capBytes: number;
  /** What a search for a limit fills: all of a cap that was given, else at most 4 GiB of the host's memory. */
  searchCapBytes: number;
  /** Code that agreed with the reference on this device. */
  instructionSet: string;
  /** What the user should be told once. */
  notices: string[];
  warnings: { name: string; message: string }[];
}

/** Share of the memory that is free now, which pools on the host may take unless a cap is given. */
const HOST_SHARE = 0.8;
/** Cap of a quick run. */
const QUICK_CAP_BYTES = 2 ** 30;
/** Filling a host's memory again and again would take minutes and tell no more. */
const SEARCH_CAP_BYTES = 4 * 2 ** 30;
const CHECK_POOL_BYTES = 64 * 2 ** 20;

/**
 * Finds the device: "auto" takes a GPU that can be used and else the CPU, which it says. Throws `USAGE` for a
 * name that is none, `NO_DRIVER` and `NO_DEVICE` where the GPU that was asked for cannot be used.
 */
export async function selectDevice(
  name: string,
  { capBytes, quick = false }: { capBytes?: number; quick?: boolean } = {},
): Promise<SelectedDevice> {
  const notices: string[] = [];
  const why = whyNoCuda(name);
  if (name === "auto") notices.push(`Running on the CPU: ${why}.`);
  else if (name !== "cpu") throw new BytesperError(codeOf(), `There is no device ${name} here: ${why}.`);
  const checked = await checkedInstructionSet();
  const cap = capBytes ?? defaultCap(quick);
  return {
    device: "cpu",
    capBytes: cap,
    searchCapBytes: capBytes ?? Math.min(SEARCH_CAP_BYTES, cap),
    instructionSet: checked.instructionSet,
    notices: [...notices, ...checked.warnings.map(({ message }) => message)],
    warnings: checked.warnings,
  };
}

function defaultCap(quick: boolean): number {
  const free = Math.floor(HOST_SHARE * process.availableMemory());
  return quick ? Math.min(QUICK_CAP_BYTES, free) : free;
}

function codeOf(): "NO_DRIVER" | "NO_DEVICE" {
  return isAbsent(cudaDevices()) ? "NO_DRIVER" : "NO_DEVICE";
}

/** Why no CUDA device takes the work. Throws `USAGE` for a name of another form. */
function whyNoCuda(name: string): string {
  if (!/^(auto|cpu|cuda(:\d+)?)$/.test(name))
    throw new BytesperError("USAGE", `"${name}" is not a device; give auto, cpu, cuda or cuda:N.`);
  const report = cudaDevices();
  if (isAbsent(report)) return report.absent;
  return report.devices.length === 0
    ? "the driver lists no device"
    : "the CUDA kernels are not in this build";
}

/**
 * The widest instruction set whose kernels agree with the float64 reference on this processor. One that does not
 * is passed over with a warning. Throws `INSTRUMENT_OFF` where none agrees.
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
