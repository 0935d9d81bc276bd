import { expect, test } from "vitest";
import { UNREADABLE_NUMBER, readReal, wholeAt } from "../../../../src/writelog/read/number.js";

function real(text: string): number {
  const values = new Float64Array(1);
  readReal(Buffer.from(`,${text},`), 1, 1 + Buffer.byteLength(text), values, 0);
  return values[0] as number;
}

test.each([
  ["0.5", 0.5],
  ["-1.0", -1],
  ["+3", 3],
  ["12.", 12],
  [".25", 0.25],
  ["7.225e-05", 7.225e-5],
  ["1E+3", 1000],
  ["123456789", 123456789],
  ["12345678901", 12345678901],
])("%s is read exactly", (text, value) => {
  expect(real(text)).toBe(value);
});

test("eighteen digits are right to nine", () => {
  expect(Math.abs(real("0.41387492418289185") / 0.41387492418289185 - 1)).toBeLessThan(1e-8);
});

test.each(["", "nan", "NaN", "-inf", "Infinity", "None", "1e999"])(
  "%j says that there is no value",
  (text) => {
    expect(real(text)).toBeNaN();
  },
);

test.each(["abc", "1.2.3", "-", ".", "1e", "e5", "0x10", "1,5", "True", "12a", "--1", "1e5000x"])(
  "%j is no number",
  (text) => {
    expect(real(text)).toBe(UNREADABLE_NUMBER);
  },
);

test("a whole number may end in .0 and in nothing else", () => {
  const whole = (text: string): number => wholeAt(Buffer.from(text), 0, text.length);
  expect(["17", "17.0", "0"].map(whole)).toEqual([17, 17, 0]);
  expect(["", "-1", "1.5", "1e3", "x", "12345678901234567"].map(whole)).toEqual(Array(6).fill(-1));
});
