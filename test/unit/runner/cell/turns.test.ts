import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TurnFile } from "../../../../src/runner/cell/turns.js";
import { temporaryFolder } from "../journal/sample.js";

const folder = temporaryFolder();
let files = 0;

function newFile(text: string): { path: string; file: TurnFile } {
  const path = join(folder, `${++files}.jsonl`);
  writeFileSync(path, text);
  return { path, file: new TurnFile(path) };
}

test("each record is read once", () => {
  const { path, file } = newFile('{"n":1}\n');
  expect(file.read()).toEqual([{ n: 1 }]);
  expect(file.read()).toEqual([]);
  appendFileSync(path, '{"n":2}\n{"n":3}\n');
  expect(file.read()).toEqual([{ n: 2 }, { n: 3 }]);
});

test("half a line waits for its end, also where it ends within a character", () => {
  const line = Buffer.from('{"text":"größe"}\n');
  const { path, file } = newFile("");
  writeFileSync(path, line.subarray(0, 12));
  expect(file.read()).toEqual([]);
  appendFileSync(path, line.subarray(12));
  expect(file.read()).toEqual([{ text: "größe" }]);
});

test("half a line that a full disk cut off costs that record only", () => {
  const { file } = newFile('{"n":1}\n{"n":\n{"n":3}\n');
  expect(file.read()).toEqual([{ n: 1 }, { n: 3 }]);
});

test("a cell that streamed nothing has no file", () => {
  const file = new TurnFile(join(folder, "missing.jsonl"));
  expect(file.read()).toEqual([]);
  file.remove();
});

test("a file is removed when all was read", () => {
  const { path, file } = newFile("");
  file.remove();
  expect(existsSync(path)).toBe(false);
});

test("more than one piece is read at once", () => {
  const count = 20_000;
  const { file } = newFile('{"text":"0123456789"}\n'.repeat(count));
  expect(file.read()).toHaveLength(count);
});
