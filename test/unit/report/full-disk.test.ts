import type * as Fs from "node:fs";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { writeWhole } from "../../../src/base/write.js";

const disk = vi.hoisted(() => ({ bytesLeft: Number.POSITIVE_INFINITY }));

// A disk of our own size would need the right to mount one.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  const writeSync = (descriptor: number, bytes: Buffer, offset: number): number => {
    if (disk.bytesLeft === 0) throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    const written = fs.writeSync(descriptor, bytes, offset, Math.min(bytes.length - offset, disk.bytesLeft));
    disk.bytesLeft -= written;
    return written;
  };
  return { ...fs, writeSync };
});

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("when the disk fills up, the earlier file stays whole and nothing else is left", () => {
  const file = join(folder, "result.json");
  writeWhole(file, "the earlier result");
  disk.bytesLeft = 5;
  expect(() => {
    writeWhole(file, "the later result");
  }).toThrow(
    `${file} cannot be written: the disk or quota is full; free some space or choose another folder with --out.`,
  );
  expect(disk.bytesLeft).toBe(0);
  expect(readFileSync(file, "utf8")).toBe("the earlier result");
  expect(readdirSync(folder)).toEqual(["result.json"]);
});
