import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { isAsExpected } from "../measure/calibration.js";
import type { Calibration } from "../measure/calibration.js";
import { addonFile } from "../system/native/built-file.js";
import { ownIdentity } from "../system/owner.js";
import { recall, remember } from "../system/remembered.js";
import { measuringEnvironment, measuringFlags } from "./cell/flags.js";

const NAME = "calibration";
const MEASURE_FOLDER = fileURLToPath(new URL("../measure/", import.meta.url));
/** Settings of the loader, malloc and Node that a measured process takes over. */
const SETTINGS = /^(GLIBC_|LD_|MALLOC_|NODE_|UV_)/;

const observed = z.strictObject({ call: z.string(), proof: z.array(z.string()) });
const passed = z.strictObject({
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
});

/** A calibration that passed on this machine, with these programs, within a day. */
export function rememberedCalibration(now = new Date()): Calibration | undefined {
  const found = recall(NAME, programKey(), now);
  const { data: calibration } = passed.safeParse(found?.value);
  if (found === undefined || calibration === undefined) return undefined;
  return calibration.checks.every(isAsExpected) ? { ...calibration, rememberedFrom: found.at } : undefined;
}

/** Only a calibration that passed may be given. */
export function rememberCalibration(calibration: Calibration, now = new Date()): void {
  remember(NAME, programKey(), calibration, now);
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
