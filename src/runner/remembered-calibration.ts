import { createHash } from "node:crypto";
import { chmodSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir, release } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { isAsExpected } from "../measure/calibration.js";
import type { Calibration } from "../measure/calibration.js";
import { addonFile } from "../system/native/built-file.js";
import { ownIdentity } from "../system/owner.js";
import { writeWhole } from "../base/write.js";
import { measuringEnvironment, measuringFlags } from "./cell/flags.js";

const DAY_MS = 86_400_000;
const MEASURE_FOLDER = fileURLToPath(new URL("../measure/", import.meta.url));
/** Settings of the loader, malloc and Node that a measured process takes over. */
const SETTINGS = /^(GLIBC_|LD_|MALLOC_|NODE_|UV_)/;

const observed = z.strictObject({ call: z.string(), proof: z.array(z.string()) });
const memory = z.strictObject({
  key: z.string(),
  measuredAt: z.iso.datetime(),
  calibration: z.strictObject({
    gc: z.strictObject({ ...observed.shape, survey: z.array(observed) }),
    checks: z
      .array(
        z.strictObject({
          name: z.string(),
          expectedBytes: z.number(),
          measuredBytes: z.number(),
          ok: z.literal(true),
        }),
      )
      .min(3),
  }),
});

/**
 * A calibration that passed on this machine, with these programs, within a day. A file that is damaged, that
 * another user wrote or may write, or that belongs to other programs is no calibration.
 */
export function rememberedCalibration(now = new Date()): Calibration | undefined {
  try {
    const file = memoryFile();
    if (!isOwnFile(file)) return undefined;
    const { key, measuredAt, calibration } = memory.parse(JSON.parse(readFileSync(file, "utf8")));
    const age = now.getTime() - Date.parse(measuredAt);
    if (key !== programKey() || !(age >= 0 && age < DAY_MS)) return undefined;
    if (!calibration.checks.every(isAsExpected)) return undefined;
    return { ...calibration, rememberedFrom: measuredAt };
  } catch {
    // Then the instrument is calibrated again, which needs no file.
    return undefined;
  }
}

/** Only a calibration that passed may be given. Where the folder cannot be written, nothing is remembered. */
export function rememberCalibration(calibration: Calibration, now = new Date()): void {
  try {
    const text = { key: programKey(), measuredAt: now.toISOString(), calibration };
    const file = memoryFile();
    writeWhole(file, `${JSON.stringify(text)}\n`);
    chmodSync(file, 0o600);
  } catch {
    // The next run calibrates again.
  }
}

function memoryFile(): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  const folder = cache === undefined || cache === "" ? join(homedir(), ".cache") : cache;
  return join(folder, "bytesper", `calibration-${programKey().slice(0, 16)}.json`);
}

/** A file of this user, no link, that nobody else may write. */
function isOwnFile(file: string): boolean {
  const stat = lstatSync(file);
  if (!stat.isFile()) return false;
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0);
}

let known: string | undefined;

/**
 * Everything that the readings of a calibration depend on: the machine since it was started, Node with its
 * flags and settings, the addon, and the code that reads.
 */
function programKey(): string {
  if (known !== undefined) return known;
  const { host, bootId } = ownIdentity();
  const addon = addonFile();
  const environment = Object.entries(measuringEnvironment()).filter(([name]) => SETTINGS.test(name));
  const parts = [
    ...[host, bootId, release(), process.arch, process.platform, process.getuid?.()],
    ...[fileOf(process.execPath), process.versions, process.config.variables],
    ...[measuringFlags("off"), environment.sort()],
    addon === undefined ? "no addon" : fileOf(addon),
    ...readdirSync(MEASURE_FOLDER)
      .filter((name) => /\.[jt]s$/.test(name))
      .map((name) => readFileSync(join(MEASURE_FOLDER, name), "utf8")),
  ];
  known = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return known;
}

function fileOf(path: string): unknown[] {
  const file = realpathSync(path);
  const { size, mtimeMs, ino } = statSync(file);
  return [file, size, mtimeMs, ino];
}
