import { BytesperError } from "../base/errors.js";
import { bytesWithBinaryUnit } from "../base/format.js";
import { loadAddon } from "../system/native/load.js";
import { readDriver } from "../system/driver/reader.js";
import type { CudaReport, CudaDevice } from "../system/native/contract.js";
import type { Absent } from "../system/probe/reading.js";
import { isAbsent } from "../system/probe/reading.js";
import { MemoryPool } from "./memory-pool.js";
import { untriedFamilies } from "./proof/committed-runs.js";
import type { ProvenDevice } from "./proof/prove.js";
import { proveDevice } from "./proof/prove.js";
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

interface SelectOptions extends DeviceChoice {
  signal?: AbortSignal;
  /** Whether an earlier proof of a GPU does not count. */
  fresh?: boolean;
}

/**
 * Finds the device. "auto" takes the first GPU that proves itself: in processes of their own, its memory pools and each
 * kernel that would be used are checked. Kernels that fail are passed over with a doubt; where nothing is left, "auto"
 * means the CPU, and the first notice says why. Throws `USAGE` for an unknown name, `NO_DRIVER` and `NO_DEVICE` if the
 * GPU that was asked for cannot be used.
 */
export async function selectDevice(name: string, options: SelectOptions = {}): Promise<SelectedDevice> {
  if (!/^(auto|cpu|cuda(:\d+)?)$/.test(name))
    throw new BytesperError("USAGE", `"${name}" is not a device; give auto, cpu, cuda or cuda:N.`);
  if (name === "cpu") return cpu(options, []);
  // Asked in a process of its own, because a driver that hangs would freeze this one.
  const driver = await readDriver("cuda", options.signal);
  if (name === "auto") return auto(driver, options);
  const device = name === "cuda" ? "cuda:0" : name;
  const { absent: none } = isAbsent(driver) ? driver : { absent: undefined };
  if (none?.includes("did not answer") === true)
    throw new BytesperError("NO_DEVICE", `${device} cannot be used: ${none}.`);
  const listed = isAbsent(driver) ? undefined : driver.devices[Number(device.slice(5))];
  if (isAbsent(driver) || listed === undefined) throw noSuchDevice(device, driver);
  const proven = await proveDevice(device, proofOptions(listed, driver, options));
  if (isUnusable(proven))
    throw new BytesperError("NO_DEVICE", `${device} cannot be used: ${whyUnusable(proven)}.`);
  return cuda(device, listed, proven, options);
}

async function auto(driver: CudaReport | Absent, options: SelectOptions): Promise<SelectedDevice> {
  if (isAbsent(driver)) return cpu(options, [`Running on the CPU: ${driver.absent}.`]);
  const reasons: string[] = [];
  for (const [index, listed] of driver.devices.entries()) {
    const device = `cuda:${index}`;
    const proven = await proveDevice(device, proofOptions(listed, driver, options));
    if (!isUnusable(proven)) return cuda(device, listed, proven, options);
    reasons.push(`${device} (${nameOf(listed)}) cannot be used: ${whyUnusable(proven)}`);
  }
  const reason = reasons.length === 0 ? "the driver lists no device" : reasons.join("; ");
  const message = `Running on the CPU: ${reason}.`;
  const selected = await cpu(options, [message]);
  if (reasons.length === 0) return selected;
  return { ...selected, warnings: [{ name: "device-passed-over", message }, ...selected.warnings] };
}

function proofOptions(
  listed: CudaDevice,
  { driverVersion }: CudaReport,
  { fresh, signal }: SelectOptions,
): Parameters<typeof proveDevice>[1] {
  return {
    ...{ listed, driverVersion },
    ...(fresh === undefined ? {} : { fresh }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A device without a kernel that is right cannot be used, however good its pools are. */
function isUnusable(proven: ProvenDevice): proven is ProvenDevice & ({ unusable: string } | { passed: [] }) {
  return "unusable" in proven || proven.passed.every(({ name }) => name === "pools");
}

function whyUnusable(proven: ProvenDevice): string {
  if ("unusable" in proven) return proven.unusable;
  return `no kernel proved itself: ${passedOver(proven.passedOver)}`;
}

/** Names with the same reason share it. */
function passedOver(entries: readonly { name: string; reason: string }[]): string {
  const byReason = new Map<string, string[]>();
  for (const { name, reason } of entries) byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  return [...byReason].map(([reason, names]) => `${names.join(", ")} (${reason})`).join("; ");
}

function nameOf({ name }: CudaDevice): string {
  return isAbsent(name) ? "name unknown" : name;
}

/** The reason is that of a pool, which is asked for in the process of the driver's own check. */
function noSuchDevice(device: string, driver: CudaReport | Absent): BytesperError {
  if (isAbsent(driver)) {
    const code = driver.absent.startsWith("no NVIDIA driver") ? "NO_DRIVER" : "NO_DEVICE";
    return new BytesperError(code, `There is no device ${device} here: ${driver.absent}.`);
  }
  const listed = `the driver lists ${driver.devices.length}`;
  return new BytesperError("NO_DEVICE", `There is no device ${device} here: ${listed}.`);
}

/** The cap that the user gives, and the one without a word of the user. Without either, most of what is free. */
interface DeviceChoice {
  capBytes?: number;
  /** The same on every machine, so that tables compare; less only where less is free. */
  defaultCapBytes?: number;
}

async function cpu(options: DeviceChoice, notices: string[]): Promise<SelectedDevice> {
  const { capBytes } = options;
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

function cuda(
  device: string,
  listed: CudaDevice,
  proven: Exclude<ProvenDevice, { unusable: string }>,
  options: DeviceChoice,
): SelectedDevice {
  const { computeCapability } = proven;
  const kernels = proven.passed.filter(({ name }) => name !== "pools");
  const worst = kernels.reduce((a, b) => (a.error >= b.error ? a : b));
  const when = proven.rememberedFrom === undefined ? "now" : `at ${proven.rememberedFrom}`;
  const first = `Running on ${device}: ${nameOf(listed)}, compute capability ${computeCapability}; ${kernels.length} kernels were compared with double precision on it ${when} (largest error ${worst.error.toExponential(1)}, ${worst.name}).`;
  const warnings: SelectedDevice["warnings"] = [];
  const untried = untriedFamilies([...new Set(kernels.map(({ family }) => family))], computeCapability);
  if (untried !== undefined) warnings.push({ name: "kernels-untried", message: untried });
  if (proven.passedOver.length > 0)
    warnings.push({
      name: "kernels-passed-over",
      message: `Kernels were passed over on ${device}: ${passedOver(proven.passedOver)}; please report it with the name of the device.`,
    });
  if (proven.missing.length > 0)
    warnings.push({
      name: "no-kernel",
      message: `${device} has no kernel for ${proven.missing.join(", ")}: readings that need one are absent.`,
    });
  const cap = capOf(options, options.capBytes ?? freeBytes(device, listed, proven.usedBytes));
  warnings.push(...lowCapWarning(options, cap));
  return {
    device,
    capBytes: cap,
    searchCapBytes: cap,
    instructionSet: ["cuda", ...without(proven.passedOver)].join(" "),
    notices: [first, ...warnings.map(({ message }) => message)],
    warnings,
  };
}

function without(entries: readonly { name: string }[]): string[] {
  return entries.length === 0 ? [] : ["without", ...entries.map(({ name }) => name)];
}

function freeBytes(device: string, { totalBytes }: CudaDevice, usedBytes: number): number {
  if (!isAbsent(totalBytes)) return Math.floor(DEVICE_SHARE * (totalBytes - usedBytes));
  throw new BytesperError(
    "NO_DEVICE",
    `The driver does not tell how much memory of ${device} is free; give --device-cap.`,
  );
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
