import { expect, test } from "vitest";
import type { Axis } from "../../../../src/report/figure/figure.js";
import type { Scale } from "../../../../src/report/figure/scale.js";
import { placeOn, scaleOf } from "../../../../src/report/figure/scale.js";

const few = (most: number) => (ticks: readonly unknown[]) => ticks.length <= most;

function scale(axis: Partial<Axis>, values: number[], most = 6): Scale {
  return scaleOf({ label: "what", unit: "none", ...axis }, values, few(most), true);
}

function labels({ ticks }: Scale): string[] {
  return ticks.map(({ label }) => label);
}

test("bytes are in one binary prefix, with ticks at powers of two of it", () => {
  const memory = scale({ unit: "bytes" }, [0, 3.6 * 2 ** 30], 5);
  expect(labels(memory)).toEqual(["0", "1", "2", "3", "4"]);
  expect(memory.ticks[1]?.at).toBe(2 ** 30);
  expect(memory.title).toBe("what (GiB)");
  expect(labels(scale({ unit: "bytes" }, [0, 1.9 * 2 ** 30], 5))).toEqual([
    "0.0",
    "0.5",
    "1.0",
    "1.5",
    "2.0",
  ]);
  expect(labels(scale({ unit: "bytes" }, [0, 700 * 1024], 4))).toEqual(["0", "256", "512", "768"]);
  expect(scale({ unit: "bytes" }, [0, 168]).title).toBe("what (B)");
});

test("on an axis of logarithms bytes carry their prefix at every tick", () => {
  const log = scale({ unit: "bytes", scale: "log" }, [40_000, 150 * 2 ** 20], 8);
  expect(labels(log)).toEqual(["64 KiB", "256 KiB", "1 MiB", "4 MiB", "16 MiB", "64 MiB"]);
  expect(log.title).toBe("what");
});

test("counts have decades where there are three, and 1-2-5 where there are fewer", () => {
  expect(labels(scale({ unit: "count", scale: "log" }, [1, 10_000]))).toEqual([
    "1",
    "10",
    "100",
    "1,000",
    "10,000",
  ]);
  expect(labels(scale({ unit: "count", scale: "log" }, [1000, 20_000]))).toEqual(["1,000", "2,000", "5,000", "10,000", "20,000"]); // prettier-ignore
  expect(labels(scale({ unit: "count", scale: "log" }, [1, 3e6], 8)).slice(-4)).toEqual([
    "1k",
    "10k",
    "100k",
    "1M",
  ]);
});

test("counts have whole ticks however few there are", () => {
  expect(labels(scale({ unit: "count" }, [0, 2]))).toEqual(["0", "1", "2"]);
});

test("times are seconds from 1,000 ms on, and shares are percent", () => {
  const time = scale({ unit: "ms" }, [0, 4000], 5);
  expect([time.title, ...labels(time)]).toEqual(["what (s)", "0", "1", "2", "3", "4"]);
  expect(scale({ unit: "ms" }, [0, 400]).title).toBe("what (ms)");
  const share = scale({ unit: "share" }, [0, 1], 6);
  expect([share.title, ...labels(share)]).toEqual(["what (%)", "0", "20", "40", "60", "80", "100"]);
});

test.each([
  ["all the same", [5, 5]],
  ["nothing", [0]],
  ["below nothing", [-3, 4]],
  ["one on logarithms", [7]],
  ["very small", [1e-9, 2e-9]],
  ["very large", [1, 9e15]],
])("values that are %s lie within the axis and between ticks", (name, values) => {
  const found = scale({ scale: name.includes("log") ? "log" : "linear" }, values);
  expect(found.ticks.length).toBeGreaterThanOrEqual(1);
  for (const value of values) {
    expect(placeOn(found, value)).toBeGreaterThanOrEqual(0);
    expect(placeOn(found, value)).toBeLessThanOrEqual(1);
  }
  expect(new Set(labels(found)).size).toBe(found.ticks.length);
});
