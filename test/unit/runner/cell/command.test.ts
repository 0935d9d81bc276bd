import { describe, expect, test } from "vitest";
import type { CommandData } from "../../../../src/record/cell.js";
import { JsonLines } from "../../../../src/runner/cell/command.js";

const MIB = 2 ** 20;

/** Reads text that comes in pieces of so many bytes. */
function read(text: string | Buffer, size = Infinity): { data: CommandData; objects: unknown[] } {
  const objects: unknown[] = [];
  const lines = new JsonLines((object) => objects.push(object));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size));
  return { data: lines.end(), objects };
}

test("numbers become readings under their own names, the last of each name counts", () => {
  const { data, objects } = read('{"a": 1, "b": 2.5}\n{"a": -3e2}\n');
  expect(data.readings).toEqual({ a: -300, b: 2.5 });
  expect(objects).toEqual([{ a: 1, b: 2.5 }, { a: -300 }]);
});

test("absent and bounded readings count, everything else is left to the stream", () => {
  const line = {
    gone: { absent: "why" },
    high: { above: 5, reason: "it ran out" },
    half: { above: 5 },
    text: "5",
    yes: true,
    none: null,
    list: [1],
  };
  const { data, objects } = read(JSON.stringify(line));
  expect(data.readings).toEqual({ gone: line.gone, high: line.high });
  expect(objects).toEqual([line]);
});

test("a number too large for a number is no reading", () => {
  expect(read('{"a": 1e999}\n').data.readings).toEqual({});
});

test.each([1, 2, 3, 7])("the pieces in which the output comes do not matter: %d bytes each", (size) => {
  const text = '{"größe": 1}\r\nnoise {"b": 2}\n\n  {"c": 3}  \n[4]\n{"d": 5';
  const whole = read(text);
  expect(whole.data).toMatchObject({ readings: { größe: 1, c: 3 }, jsonLines: 2, otherLines: 3 });
  expect(read(text, size)).toEqual(whole);
});

test("the last line may lack its newline", () => {
  expect(read('{"a": 1}\n{"b": 2}').data.readings).toEqual({ a: 1, b: 2 });
});

test("JSON after half a line is text, and the next line is read", () => {
  const { data } = read('half a line {"a": 1}\n{"b": 2}\n');
  expect(data).toMatchObject({ readings: { b: 2 }, jsonLines: 1, otherLines: 1 });
});

test("garbage of every byte is counted and nothing else", () => {
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256));
  const { data, objects } = read(bytes, 100);
  expect(data).toMatchObject({ readings: {}, jsonLines: 0, outputBytes: 4096 });
  expect(data.otherLines).toBeGreaterThan(0);
  expect(objects).toEqual([]);
});

test.each(["{", "{}}", '{"a":1}{"b":2}', "{a: 1}", "{'a': 1}"])("%s is not JSON", (line) => {
  expect(read(`${line}\n`).data).toMatchObject({ readings: {}, jsonLines: 0, otherLines: 1 });
});

test("names that every object has are names like others", () => {
  const { data } = read('{"constructor": 1, "toString": 2, "__proto__": {"absent": "x"}}\n');
  expect(Object.entries(data.readings)).toEqual([
    ["constructor", 1],
    ["toString", 2],
    ["__proto__", { absent: "x" }],
  ]);
  expect("absent" in data.readings).toBe(false);
});

describe("a line without end", () => {
  test("is not kept, and the line after it is read", () => {
    const lines = new JsonLines(() => undefined);
    const piece = Buffer.alloc(MIB, "x");
    lines.push(Buffer.from('{"a": "'));
    for (let count = 0; count < 64; count++) lines.push(piece);
    lines.push(Buffer.from('"}\n{"b": 2}\n'));
    expect(lines.end()).toMatchObject({ readings: { b: 2 }, jsonLines: 1, otherLines: 1 });
    expect(lines.data.outputBytes).toBe(64 * MIB + 19);
  });

  test("holds no more than a line may have, whatever comes", () => {
    const lines = new JsonLines(() => undefined);
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 256; count++) lines.push(Buffer.alloc(MIB / 4, "x"));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(48 * MIB);
  });
});

test("a line of one mebibyte is the longest that is looked at", () => {
  const fits = `{"a":1,"text":"${"x".repeat(MIB - 17)}"}`;
  expect(fits).toHaveLength(MIB);
  expect(read(`${fits}\n`).data.jsonLines).toBe(1);
  expect(read(`${fits} \n`).data.jsonLines).toBe(0);
});

test.each([
  [
    "nested deeper than can be written again",
    `{"a":${"[".repeat(8000)}${"]".repeat(8000)}}`,
    "a line of JSON is nested deeper than 200 levels",
  ],
  ["that ends in no newline for long", `{"a":"${"x".repeat(MIB)}"}`, "a line is longer than 1048576 bytes"],
  ["in Latin-1", Buffer.from('{"größe":1}', "latin1"), "a line of JSON is not UTF-8"],
  [
    "with a name of any length",
    `{"${"n".repeat(201)}":1}`,
    "the name of a reading is longer than 200 characters",
  ],
])("a line %s is left out with its reason, and the next one counts", (_, line, why) => {
  const { data } = read(Buffer.concat([Buffer.from(line), Buffer.from('\n{"v":1}\n')]), 64 * 1024);
  expect({ ...data.readings }).toEqual({ v: 1 });
  expect(data.refused).toEqual({ [why]: 1 });
});

test("brackets within a text nest nothing", () => {
  const { data } = read(`{"note":"${"[".repeat(5000)}\\"${"{".repeat(5000)}","v":2}\n`);
  expect({ ...data.readings }).toEqual({ v: 2 });
  expect(data.refused).toBeUndefined();
});

test("of more names than a table can have columns, the first 1,000 stay", () => {
  const { data } = read(Array.from({ length: 3000 }, (_, n) => `{"n${n % 1500}":${n}}\n`).join(""));
  expect(Object.keys(data.readings)).toHaveLength(1000);
  expect(data.readings.n0).toBe(1500);
  expect(data.refused).toEqual({ "a cell may have 1000 names of readings": 1000 });
});
