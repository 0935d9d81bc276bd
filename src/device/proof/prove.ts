import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseDuration } from "../../base/duration.js";
import { readText } from "../../system/kernel-file.js";
import type { CudaDevice, CudaReport } from "../../system/native/contract.js";
import { addonFile } from "../../system/native/built-file.js";
import { recall, remember } from "../../system/remembered.js";
import { KERNELS_FILE } from "../memory-pool.js";
import { runChild } from "./child-run.js";
import type { Proof } from "./proof.js";
import { proofSchema } from "./proof.js";

/** A kernel that takes longer than this for a small size does not end. */
const STEP_MS = 20_000;
/** A kernel that was too slow for the first time gets this much more for the second, because the machine may be busy. */
const SECOND_TRY = 3;
/** A time-out counts for so long: the next run may meet the machine at rest. */
const LATE_MS = 10 * 60_000;
/** After this time no further process is started; what is not checked by then is not used. */
const ALL_MS = 240_000;
/** A device on which so many kernels end their process is not worth more tries. */
const MOST_PROCESSES = 12;
const NAME = "device-proof";
const FOLDER = fileURLToPath(new URL("./", import.meta.url));

/** What a device showed, with the bytes in use on it now; or why it cannot be used. */
export type ProvenDevice = (Proof & { usedBytes: number; rememberedFrom?: string }) | { unusable: string };

export interface ProveOptions {
  /** The device as the driver lists it. */
  listed: CudaDevice;
  driverVersion: CudaReport["driverVersion"];
  /** Whether an earlier proof does not count. */
  fresh?: boolean;
  signal?: AbortSignal;
}

/**
 * Lets a device prove its pools and kernels in processes of their own, each check within a time. A kernel that fails,
 * hangs or ends its process is passed over, and another process goes on after it. One that does not end in time is tried
 * once more with a longer limit. What a device showed within a day, or within minutes where something was too slow, is
 * remembered, by the device, its driver, the image of the kernels and the addon.
 */
export async function proveDevice(device: string, options: ProveOptions): Promise<ProvenDevice> {
  const key = proofKey(options);
  const known = options.fresh === true ? undefined : recall(NAME, key);
  const { data: proof } = proofSchema.safeParse(known?.value);
  if (known === undefined || proof === undefined || isStale(proof, known.at)) {
    const proven = await prove(device, options, emptyProof(), true);
    if (!("unusable" in proven)) {
      const { computeCapability, passed, passedOver, missing } = proven;
      remember(NAME, key, { computeCapability, passed, passedOver, missing });
    }
    return proven;
  }
  // Whether the device is still there, and what is in use on it.
  const now = await prove(device, options, proof, false);
  return "unusable" in now ? now : { ...now, rememberedFrom: known.at };
}

function isStale({ passedOver }: Proof, at: string): boolean {
  return passedOver.some(({ late }) => late === true) && Date.now() - Date.parse(at) > LATE_MS;
}

function emptyProof(): Proof {
  return { computeCapability: "unknown", passed: [], passedOver: [], missing: [] };
}

async function prove(
  device: string,
  { signal }: ProveOptions,
  proof: Proof,
  full: boolean,
): Promise<ProvenDevice> {
  const limitMs = stepLimit();
  const started = performance.now();
  const lost: string[] = [];
  /** What is tried for the second time. */
  let again: string | undefined;
  for (let processes = 1; ; processes += 1) {
    let running: string | undefined;
    let unusable: string | undefined;
    let usedBytes: number | undefined;
    const failures = proof.passedOver.length;
    const ending = await runChild(
      {
        device,
        prove: full,
        passed: proof.passed.map(({ name }) => name),
        passedOver: proof.passedOver.map(({ name }) => name),
        lost,
      },
      {
        limitMs: again === undefined ? limitMs : SECOND_TRY * limitMs,
        ...(signal === undefined ? {} : { signal }),
        onMessage: (message) => {
          if (message.event === "start") running = message.name;
          if (message.event === "device") proof.computeCapability = message.computeCapability;
          if (message.event === "passed") {
            const { name, family, error } = message;
            proof.passed.push({ name, family, error });
          }
          if (message.event === "failed") {
            const { name, reason } = message;
            proof.passedOver.push({ name, reason });
            if (message.last) lost.push(name);
          }
          if (message.event === "passed" || message.event === "failed") running = undefined;
          if (message.event === "missing") proof.missing.push(message.kind);
          if (message.event === "unusable") unusable = message.reason;
          if (message.event === "done") ({ usedBytes } = message);
        },
      },
    );
    if (usedBytes !== undefined) return { ...proof, usedBytes };
    if (ending.why === "interrupted") return { unusable: "interrupted before it was checked" };
    const reason = "reason" in ending ? ending.reason : "it ended early";
    // Without a new failure nothing would be different in another process.
    const last = proof.passedOver.at(-1);
    if (unusable !== undefined)
      return { unusable: last === undefined ? unusable : `${unusable} (after ${last.name}: ${last.reason})` };
    const isLate = ending.why === "silent";
    if (isLate && running !== undefined && running !== again) again = running;
    else if (running === "pools") return { unusable: `its memory pools failed their check: ${reason}` };
    else if (running !== undefined) {
      proof.passedOver.push({ name: running, reason, ...(isLate ? { late: true } : {}) });
      lost.push(running);
    } else if (proof.passedOver.length === failures) return { unusable: reason };
    if (processes >= MOST_PROCESSES || performance.now() - started > ALL_MS)
      return {
        unusable: `too many of its kernels failed, the last of them ${running ?? last?.name}: ${reason}`,
      };
  }
}

/** BYTESPER_DRIVER_LIMIT is the time that the driver has to answer. */
function stepLimit(): number {
  const given = process.env.BYTESPER_DRIVER_LIMIT;
  return given === undefined ? STEP_MS : parseDuration(given);
}

/** Everything that a proof depends on. */
function proofKey({ listed, driverVersion }: ProveOptions): string {
  const { name, uuid, totalBytes } = listed;
  const parts = [
    ...[name, uuid, totalBytes, driverVersion, readText("/proc/driver/nvidia/version") ?? "no version"],
    ...[process.getuid?.(), process.env.BYTESPER_FLASH ?? "", hashOf(KERNELS_FILE)],
    addonKey(),
    ...readdirSync(FOLDER)
      .filter((file) => /\.[jt]s$/.test(file))
      .map((file) => hashOf(FOLDER + file)),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function addonKey(): unknown[] {
  const file = addonFile();
  if (file === undefined) return [];
  const { size, mtimeMs, ino } = statSync(file);
  return [file, size, mtimeMs, ino];
}

function hashOf(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return "not there";
  }
}
