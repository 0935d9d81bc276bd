import { expect, test } from "vitest";
import type { NativeAddon } from "../../src/system/native/contract.js";
import { ADDON_EXPORTS } from "../../src/system/native/contract.js";
import { addon, READS } from "./support/addon.js";

/** The same functions, without the contract's types. */
const calls = addon as unknown as Record<keyof NativeAddon, (this: unknown, ...args: unknown[]) => unknown>;

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const ODD: unknown[] = [
  undefined,
  null,
  NaN,
  -1,
  2 ** 64,
  "",
  "\ud800",
  "x".repeat(1e6),
  1n << 200n,
  Symbol.iterator,
  [],
  Object.create(null),
  () => {
    throw new Error("called");
  },
  {
    get absent() {
      throw new Error("read");
    },
    valueOf() {
      throw new Error("converted");
    },
  },
  revoked.proxy,
  new ArrayBuffer(8),
  new SharedArrayBuffer(8),
  addon,
];

/** A sequence that is the same in every run (Lehmer's generator). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647);
}

test("functions without parameters take no notice of arguments, of this and of new", () => {
  const next = sequence(7);
  for (const name of READS) {
    const call = calls[name];
    for (let round = 0; round < 50; ++round) {
      const args = Array.from({ length: next() % 12 }, () => ODD[next() % ODD.length]);
      expect(call.apply(ODD[next() % ODD.length], args), name).toBeDefined();
    }
    expect(Reflect.construct(call, []), name).toBeTypeOf("object");
  }
});

test("mallocSelfTest answers any argument with a reading or an error", () => {
  const call = calls.mallocSelfTest;
  const next = sequence(11);
  for (let round = 0; round < 5000; ++round) {
    const number = (next() / 2 ** 31) * 2 ** (next() % 80) * (next() % 2 === 0 ? 1 : -1);
    const argument = next() % 3 === 0 ? ODD[next() % ODD.length] : number;
    const valid = Number.isInteger(argument) && (argument as number) >= 1 && (argument as number) <= 2 ** 30;
    if (valid) expect(call(argument)).toBeDefined();
    else expect(() => call(argument, ...ODD), String(round)).toThrow(/^mallocSelfTest expects a /);
  }
});

test("too many arguments do no harm", () => {
  expect(calls.pageFaults.apply(null, new Array<number>(50_000).fill(1))).toHaveProperty("minorFaults");
});

test("setters on Object.prototype do not crash the addon", () => {
  const thrown = new Error("from a setter");
  for (const key of ["absent", "vmRssBytes", "inUseBytes", "devices"]) {
    Object.defineProperty(Object.prototype, key, {
      configurable: true,
      set() {
        throw thrown;
      },
    });
  }
  const outcomes = ADDON_EXPORTS.map((name) => {
    try {
      return calls[name](16);
    } catch (error) {
      return error;
    }
  });
  for (const key of ["absent", "vmRssBytes", "inUseBytes", "devices"])
    Reflect.deleteProperty(Object.prototype, key);
  expect(outcomes).toHaveLength(ADDON_EXPORTS.length);
});
