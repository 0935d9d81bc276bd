import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLimited } from "../../../src/base/read-limited.js";

const MIB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
const file = join(folder, "file");
const pipe = join(folder, "pipe");
writeFileSync(file, "größe".repeat(300_000));
execFileSync("mkfifo", [pipe]);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("a file is read whole, also one of no size as those of /proc", () => {
  expect(readLimited(file, 4 * MIB, "alone")).toBe("größe".repeat(300_000));
  expect(readLimited("/proc/self/cmdline", MIB)).toContain("node");
});

test.each([
  ["a device that never ends", "/dev/zero", MIB, "or-pipe", "it has more than 1 MiB"],
  ["a file that is too long", file, MIB, "alone", "it has more than 1 MiB"],
  ["a pipe that nobody writes to, in place of a file", pipe, MIB, "alone", "it is no file"],
  ["a folder in place of a file", folder, MIB, "alone", "it is no file"],
  ["a folder", folder, MIB, "or-pipe", "EISDIR"],
] as const)("%s is refused", (_, path, most, alone, why) => {
  expect(() => readLimited(path, most, alone)).toThrow(why);
});
