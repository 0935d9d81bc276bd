import { expect, test } from "vitest";
import { bytesper, fitOf, inFolder, measured, subject } from "./cli.js";

const warningName = ({ name }: { name: string }): string => name;

test("a module-level registry is reported as retained after release", async () => {
  const result = await measured([subject("leaks.mjs"), "--no-snapshot"]);
  expect(result.warnings.map(warningName)).toContain("retained-after-release");
  // 40 for the object, 216 for its text, 8 to 12 for the place in the array.
  const { value } = fitOf(result).perUnitBytes;
  expect(value).toBeGreaterThan(240);
  expect(value).toBeLessThan(290);
});

test("release is called, and then nothing is retained", async () => {
  const result = await measured([subject("registered.mjs"), "--no-snapshot"]);
  expect(result.warnings.map(warningName)).not.toContain("retained-after-release");
});

test("memory that only finalizers free is not taken for a leak", async () => {
  const result = await measured([subject("finalized.mjs"), "--no-snapshot"]);
  expect(result.warnings.map(warningName)).not.toContain("retained-after-release");
});

test("malloc beyond the declared external bytes is named", async () => {
  const result = await measured([`${subject("known.mjs")}#bytes100`, "--no-snapshot"]);
  expect(result.warnings.map(warningName)).toContain("native-undeclared");
});

test("a subject that costs nothing is below detection", async () => {
  const result = await measured([`${subject("known.mjs")}#nothing`, "--no-snapshot"]);
  expect(fitOf(result).perUnitBytes.value).toBe(0);
  expect(result.warnings.map(warningName)).toContain("below-detection");
});

test("create may be asynchronous", async () => {
  expect(fitOf(await measured([subject("async.mjs"), "--no-snapshot"])).perUnitBytes.value).toBe(32);
});

test("output of the subject does not reach the result", async () => {
  expect(fitOf(await measured([subject("prints.mjs"), "--no-snapshot"])).perUnitBytes.value).toBe(32);
});

test("the compilers can be left on, and the result says so", async () => {
  const result = await measured([`${subject("known.mjs")}#holder100`, "--no-snapshot", "--jit"]);
  expect(result.environment.compilers).toBe("on");
  expect(result.environment.flags).not.toContain("--no-opt");
  expect(result.warnings.map(warningName)).toContain("compilers-on");
});

test("TypeScript is compiled, a class is constructed, the author's estimate is compared", async () => {
  const whole = await measured([subject("typed.ts"), "--no-snapshot"]);
  expect(fitOf(whole).perUnitBytes.value).toBe(40);
  expect(whole.estimate).toMatchObject({ perUnitBytes: 16, formula: "2 fields x 8 bytes" });
  expect(whole.comparison).toMatchObject({ measuredOverEstimate: 2.5, residualBytes: 24 });
  const named = await measured([`${subject("typed.ts")}#Pair`, "--no-snapshot"]);
  expect(fitOf(named).perUnitBytes.value).toBe(40);
});

test("every result carries the proof that its collections were full ones", async () => {
  const result = await measured([`${subject("known.mjs")}#date`, "--no-snapshot"]);
  if ("absent" in result.calibration) throw new Error(result.calibration.absent);
  expect(result.calibration.gcProof).toContain("MarkSweepCompact");
  const [characters, elements, external] = result.calibration.checks;
  expect(characters?.measuredBytes).toBeCloseTo(800, 1);
  expect(elements?.measuredBytes).toBeCloseTo(640, 1);
  expect(external?.measuredBytes).toBeCloseTo(4096, 1);
});

test("a calibration is remembered for the next run, unless it asks for another", async () => {
  await inFolder(async (folder) => {
    const short = [`${subject("known.mjs")}#date`, "--no-snapshot", "--trials", "1", "--instances", "50"];
    const rememberedFrom = async (...more: string[]): Promise<string | undefined> => {
      const { calibration } = await measured([...short, ...more], { env: { XDG_CACHE_HOME: folder } });
      if ("absent" in calibration) throw new Error(calibration.absent);
      return calibration.rememberedFrom;
    };
    expect(await rememberedFrom()).toBeUndefined();
    expect(await rememberedFrom()).toMatch(/^\d{4}-/);
    expect(await rememberedFrom("--recalibrate")).toBeUndefined();
  });
});

test("the page for people ends with the answer, in six lines", async () => {
  const { code, stdout } = await bytesper(["measure", `${subject("known.mjs")}#date`, "--verbose"]);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n\n").at(-1)?.split("\n").length).toBeLessThanOrEqual(6);
  expect(stdout.trimEnd().split("\n\n").at(-1)).toMatch(/^One instance costs 96 B of V8's heap/);
  expect(stdout).toMatch(/^Ledger of the first 1,000: PSS changed by /m);
});
