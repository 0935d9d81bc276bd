import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { isAbsent } from "../../src/system/probe/reading.js";
import { addon, ADDON_FILE } from "./support/addon.js";
import { inChild } from "./support/child.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-lock-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const open = (name: string): number => openSync(join(folder, name), "a");
const LOCK = `require("node:fs").openSync(process.argv[2], "a")`;

test("another process does not get a lock that is held, and gets it once it is closed", () => {
  const held = open("a");
  expect(addon.lockFile(held)).toBe(true);
  const other = `return addon.lockFile(${LOCK.replace("process.argv[2]", JSON.stringify(join(folder, "a")))});`;
  expect(inChild(other)).toBe(false);
  closeSync(held);
  expect(inChild(other)).toBe(true);
});

test("a second descriptor of the same process does not get it either, the first one keeps it", () => {
  const [first, second] = [open("b"), open("b")];
  expect([addon.lockFile(first), addon.lockFile(second), addon.lockFile(first)]).toEqual([true, false, true]);
  closeSync(second);
  closeSync(first);
});

test("the lock goes with its process, also when that is killed", async () => {
  const path = join(folder, "c");
  const script = `const addon = require(process.argv[1]); console.log(addon.lockFile(${LOCK})); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["-e", script, ADDON_FILE, path]);
  const said = await new Promise<string>((resolve) => {
    child.stdout.once("data", (chunk: Buffer) => {
      resolve(chunk.toString().trim());
    });
  });
  expect(said).toBe("true");
  const mine = open("c");
  expect(addon.lockFile(mine)).toBe(false);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  expect(addon.lockFile(mine)).toBe(true);
  closeSync(mine);
});

test("what is no open file is absent with the reason, what is no number is a mistake", () => {
  const descriptor = open("d");
  closeSync(descriptor);
  const answer = addon.lockFile(descriptor);
  expect(isAbsent(answer) && answer.absent).toMatch(/cannot be locked: Bad file descriptor/);
  for (const wrong of [undefined, null, "3", -1, 1.5, NaN, 2 ** 40])
    expect(() => addon.lockFile(wrong as number), String(wrong)).toThrow(/^fd must be/);
});
