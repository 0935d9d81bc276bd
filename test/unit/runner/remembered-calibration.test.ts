import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Calibration } from "../../../src/measure/calibration.js";
import { rememberCalibration, rememberedCalibration } from "../../../src/runner/remembered-calibration.js";

const MADE = new Date("2026-01-01T00:00:00Z");
const LATER = new Date("2026-01-01T23:59:59Z");
const CALIBRATION: Calibration = {
  gc: { call: "gc()", proof: ["MarkSweepCompact"], survey: [{ call: "gc()", proof: ["MarkSweepCompact"] }] },
  checks: [800, 640, 4096].map((bytes) => ({
    name: `${bytes} bytes`,
    expectedBytes: bytes,
    measuredBytes: bytes + 0.05,
    ok: true,
  })),
};

let cache = "";
const before = process.env.XDG_CACHE_HOME;
const file = (): string => {
  const [name = ""] = readdirSync(join(cache, "bytesper"));
  return join(cache, "bytesper", name);
};

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  process.env.XDG_CACHE_HOME = cache;
  rememberCalibration(CALIBRATION, MADE);
});

afterEach(() => {
  rmSync(cache, { recursive: true, force: true });
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
});

test("a calibration is remembered for a day, with its time", () => {
  expect(rememberedCalibration(LATER)).toEqual({ ...CALIBRATION, rememberedFrom: MADE.toISOString() });
});

const edited = (change: (text: string) => string): void => {
  writeFileSync(file(), change(readFileSync(file(), "utf8")));
};

test.each<[string, () => void]>([
  [
    "half a file",
    () => {
      edited((text) => text.slice(0, text.length / 2));
    },
  ],
  [
    "a file of other programs",
    () => {
      edited((text) => text.replace(/"key":"./, '"key":"x'));
    },
  ],
  [
    "a reading that was edited",
    () => {
      edited((text) => text.replace("800.05", "800.5"));
    },
  ],
  [
    "a reading that is no number",
    () => {
      edited((text) => text.replace("800.05", "null"));
    },
  ],
  [
    "a failed check",
    () => {
      edited((text) => text.replace('"ok":true', '"ok":false'));
    },
  ],
  [
    "a field that is unknown",
    () => {
      edited((text) => text.replace('"key"', '"more":1,"key"'));
    },
  ],
  [
    "a file that others may write",
    () => {
      chmodSync(file(), 0o666);
    },
  ],
  [
    "a link to another file",
    () => {
      const other = join(cache, "other.json");
      writeFileSync(other, readFileSync(file()));
      const link = file();
      rmSync(link);
      symlinkSync(other, link);
    },
  ],
])("%s is no calibration", (_, damage) => {
  damage();
  expect(rememberedCalibration(LATER)).toBeUndefined();
});

test.each([
  ["a day old", "2026-01-02T00:00:00Z"],
  ["of a time to come", "2025-12-31T23:59:59Z"],
])("one that is %s counts no more", (_, now) => {
  expect(rememberedCalibration(new Date(now))).toBeUndefined();
});

test("a folder that cannot be made costs nothing but the next calibration", () => {
  process.env.XDG_CACHE_HOME = join(file(), "below-a-file");
  rememberCalibration(CALIBRATION, MADE);
  expect(rememberedCalibration(LATER)).toBeUndefined();
});
