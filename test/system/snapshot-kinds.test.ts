import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Result } from "../../src/record/schema.js";
import { inFolder, measured } from "./cli.js";

/** Measures a subject given as source, with few trials: what V8 does with it is in the snapshot. */
async function ofSource(source: string): Promise<Result> {
  return inFolder(async (folder) => {
    const file = join(folder, "subject.mjs");
    writeFileSync(file, source);
    return measured([file, "--trials", "1"]);
  });
}

function kind(result: Result, name: string): number {
  return result.kinds.find((row) => row.kind === name)?.bytes ?? 0;
}

const POOL = 'const pool = Buffer.alloc(65536, "x");\n';

test("a rope is a chain of concatenated strings", async () => {
  const source = `${POOL}export const create = (i) => {
    let text = pool.toString("latin1", i, i + 50);
    text += pool.toString("latin1", i + 1, i + 51);
    return { text };
  };`;
  const result = await ofSource(source);
  // A rope's own cell is 32 bytes; the two halves are 16 + 50 rounded up to 72 each.
  expect(kind(result, "concatenated strings")).toBe(32);
  expect(kind(result, "strings")).toBe(144);
});

test("a slice keeps the text that it was cut from", async () => {
  const source = `${POOL}export const create = (i) => ({ word: pool.toString("latin1", i, i + 2000).slice(10, 30) });`;
  const result = await ofSource(source);
  expect(kind(result, "sliced strings")).toBe(32);
  expect(kind(result, "parents of sliced strings")).toBe(2016);
});

test("an array that grew by one push has sixteen spare places", async () => {
  const result = await ofSource(
    "export const create = (i) => { const list = []; list.push({ i }); return list; };",
  );
  expect(kind(result, "array slack")).toBe(128);
  expect(kind(result, "array elements")).toBe(24);
});

test("bytes of a typed array are array buffer data", async () => {
  const result = await ofSource("export const create = () => new Uint8Array(1000);");
  expect(kind(result, "array buffer data")).toBe(1000);
});

test("timestamps in fields are boxed numbers", async () => {
  const result = await ofSource("export const create = (i) => ({ at: 1.7e12 + i, until: 1.8e12 + i });");
  expect(kind(result, "boxed numbers")).toBe(32);
});

test("a Map's entries are in its table, a WeakMap's value is its key's", async () => {
  const map = await ofSource("export const create = (i) => new Map([[i, i]]);");
  expect(kind(map, "map and set tables")).toBe(152);
  const weak = await ofSource(
    "const notes = new WeakMap(); export const create = (i) => { const key = { i }; notes.set(key, new Uint8Array(500)); return key; };",
  );
  expect(kind(weak, "array buffer data")).toBe(500);
});

test("what all instances share is charged to none", async () => {
  const result = await ofSource(
    "const shared = new Float64Array(1000); export const create = (i) => ({ i, shared });",
  );
  expect(kind(result, "array buffer data")).toBe(0);
  expect(result.crossCheck).toMatchObject({ snapshotPerUnitBytes: 40 });
});
