import { PassThrough } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { lines } from "../../../../src/runner/cell/launch.js";

/** What is reachable. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

test("a line without an end is dropped at its limit, and the next line is read", async () => {
  const stream = new PassThrough();
  const read: string[] = [];
  lines(stream, (line) => read.push(line), 1000);
  for (let part = 0; part < 50; part++) stream.write("x".repeat(100));
  stream.end('\n\n{"v":1}\nhalf');
  await new Promise((done) => stream.once("end", done));
  expect(read).toEqual(['{"v":1}']);
});

test("a line without an end takes no memory beyond its limit", () => {
  const stream = new PassThrough();
  let lost = 0;
  lines(stream, () => lost++, 1000);
  const before = heapBytes();
  for (let part = 0; part < 64; part++) stream.emit("data", String(part).padEnd(2 ** 20, "x"));
  expect(heapBytes() - before).toBeLessThan(16 * 2 ** 20);
  expect(lost).toBe(0);
});

test("a line in pieces is whole", async () => {
  const stream = new PassThrough();
  const read: string[] = [];
  lines(stream, (line) => read.push(line));
  for (const piece of ["a", "b\nc", "d", "\n"]) stream.write(piece);
  stream.end();
  await new Promise((done) => stream.once("end", done));
  expect(read).toEqual(["ab", "cd"]);
});
