import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeNamed, writeWhole } from "../../../src/base/write.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("a file is replaced as a whole, and folders are made", () => {
  const file = join(folder, "a", "b", "c.txt");
  writeWhole(file, "one");
  writeWhole(file, "two");
  expect(readFileSync(file, "utf8")).toBe("two");
  expect(readdirSync(join(folder, "a", "b"))).toEqual(["c.txt"]);
});

test("where a file stands in place of the folder, one sentence says so", () => {
  const file = join(folder, "plain");
  writeFileSync(file, "");
  expect(() => {
    writeWhole(join(file, "x.json"), "");
  }).toThrow(
    /cannot be written: a file stands where a folder should be; choose another folder with --out\.$/,
  );
});

test("a link that was put in place of the temporary file is not followed", () => {
  const [file, victim] = [join(folder, "new.json"), join(folder, "victim")];
  writeFileSync(victim, "untouched");
  symlinkSync(victim, join(folder, `.new.json.${process.pid}.tmp`));
  writeWhole(file, "text");
  expect([readFileSync(victim, "utf8"), readFileSync(file, "utf8")]).toEqual(["untouched", "text"]);
});

test("a pipe or a device is never replaced: a result is refused there, and an output that was named goes into it", () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(() => {
    writeWhole(pipe, "text");
  }).toThrow(`${pipe} cannot be written: what stands there is a folder, a device or a pipe, and stays;`);
  const reader = openSync(pipe, constants.O_RDWR);
  writeNamed(pipe, "text");
  const buffer = Buffer.alloc(10);
  expect(buffer.toString("utf8", 0, readSync(reader, buffer))).toBe("text");
  closeSync(reader);
  expect(lstatSync(pipe).isFIFO()).toBe(true);
  writeNamed("/dev/null", "text");
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  expect(() => {
    writeNamed(folder, "text");
  }).toThrow("cannot be written");
});
