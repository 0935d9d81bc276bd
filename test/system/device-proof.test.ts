import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { SelectedDevice } from "../../src/device/select.js";
import { emulatedDevice, NO_CXX_COMPILER } from "../addon/support/stand-in.js";

// Which device "auto" takes, against a driver whose kernels are right or have a fault. No GPU is asked.

let driver: Record<string, string> = {};
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bytesper-proof-"));
  if (NO_CXX_COMPILER === undefined)
    driver = { ...emulatedDevice(), STAND_IN_PLAIN: "1", XDG_CACHE_HOME: join(folder, "cache") };
}, 400_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(({ skip }) => {
  skip(NO_CXX_COMPILER !== undefined, NO_CXX_COMPILER);
});

const SELECT = new URL("../../dist/device/select.js", import.meta.url).href;

const DEVICE = new URL("../../dist/device/index.js", import.meta.url).href;
const SELF_CHECK = new URL("../../dist/device/self-check.js", import.meta.url).href;

/** What `auto` selects under these settings of the driver, one after the other in one process; or the error. */
function selected(cases: Record<string, string>[], name = "auto", fresh = true): SelectedDevice[] {
  const script = `
    const { selectDevice } = await import(${JSON.stringify(SELECT)});
    const all = [];
    for (const env of ${JSON.stringify(cases)}) {
      Object.assign(process.env, env);
      all.push(await selectDevice(${JSON.stringify(name)}, { fresh: ${String(fresh)} }).catch((error) => ({ error: error.message })));
      for (const each of Object.keys(env)) delete process.env[each];
    }
    const { readFileSync } = await import("node:fs");
    const isLoaded = readFileSync("/proc/self/maps", "utf8").includes("libcuda.so");
    process.stdout.write(JSON.stringify({ all, isLoaded }));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, ...driver },
    encoding: "utf8",
  });
  const { all, isLoaded } = JSON.parse(output) as { all: SelectedDevice[]; isLoaded: boolean };
  // A context of this process would count in every reading of the device's use.
  expect(isLoaded).toBe(false);
  return all;
}

test("the check of all kernels leaves out what a T4 has no kernel for", () => {
  const script = `
    const { MemoryPool } = await import(${JSON.stringify(DEVICE)});
    const { compareWithReference } = await import(${JSON.stringify(SELF_CHECK)});
    const pool = new MemoryPool({ device: "cuda:0" });
    const shapes = [{ heads: 2, kvHeads: 1, tokens: 17, headDim: 64 }];
    const checked = await compareWithReference(pool, { instructionSet: "cuda", kernels: ["flash"], shapes });
    process.stdout.write(JSON.stringify(checked.map(({ dtype }) => dtype)));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, ...driver, STAND_IN_ARCH: "75" },
    encoding: "utf8",
  });
  expect(JSON.parse(output)).toEqual(["fp32", "fp32", "fp16", "fp16"]);
});

const doubts = ({ warnings }: SelectedDevice): Record<string, string> =>
  Object.fromEntries(warnings.map(({ name, message }) => [name, message]));

test("each kind of device gets its kernels, or the sentence that says why not", { timeout: 400_000 }, () => {
  const [t4, a100, h200, b200, old] = selected([
    { STAND_IN_ARCH: "75" },
    { STAND_IN_ARCH: "80" },
    { STAND_IN_ARCH: "90", STAND_IN_GRANULE: String(2 ** 25) },
    { STAND_IN_ARCH: "100" },
    // Drivers of the branch 535 are for CUDA 12.2.
    { STAND_IN_ARCH: "80", STAND_IN_DRIVER: "12020" },
  ]) as [SelectedDevice, SelectedDevice, SelectedDevice, SelectedDevice, SelectedDevice];
  const kernels: [SelectedDevice, string, string][] = [
    [t4, "7.5", "portable"],
    [a100, "8.0", "portable and sm80"],
    [h200, "9.0", "portable and sm90"],
    [b200, "10.0", "portable and sm80"],
  ];
  for (const [device, capability, families] of kernels) {
    expect(device).toMatchObject({ device: "cuda:0", instructionSet: "cuda" });
    expect(device.notices[0]).toContain(`Running on cuda:0: Emulated GPU, compute capability ${capability};`);
    expect(doubts(device)["kernels-untried"]).toBe(
      `No committed run shows the ${families} kernels on a device of compute capability ${capability}; on this device they agreed with double precision.`,
    );
    expect(doubts(device)["kernels-passed-over"]).toBeUndefined();
  }
  expect(doubts(t4)["no-kernel"]).toBe(
    "cuda:0 has no kernel for flash in bf16: readings that need one are absent.",
  );
  expect(doubts(a100)["no-kernel"]).toBeUndefined();
  expect(old.device).toBe("cpu");
  expect(old.notices[0]).toBe(
    "Running on the CPU: cuda:0 (Emulated GPU) cannot be used: cuModuleLoadData failed: device kernel image is invalid: the kernels were built with CUDA 13.0, which needs a driver for CUDA 13 (580 or later), and this driver is for CUDA 12.2; install a newer driver.",
  );
});

test(
  "a kernel that lies, leaves output unwritten, crashes or hangs is passed over by name",
  {
    timeout: 400_000,
  },
  () => {
    const [broken, hangs] = selected([
      {
        STAND_IN_ARCH: "90",
        STAND_IN_KERNEL:
          "sm90_fp16_d64_full=lie,sm90_fp16_d64_causal=short,sm90_bf16_d64_full=crash,flash_fp32_d64_full=fault,values_fp16_fp16=short,decode_bf16_fp8_d128=lie,decode_fp16_fp16_d64=short",
      },
      { STAND_IN_ARCH: "90", STAND_IN_KERNEL: "sm90_bf16_d128_full=hang", BYTESPER_DRIVER_LIMIT: "5s" },
    ]) as [SelectedDevice, SelectedDevice];
    expect(broken.device).toBe("cuda:0");
    expect(broken.instructionSet).toBe(
      "cuda without naive_fp16_fp16 eager_fp16 bytesper_flash_fp32_d64_full bytesper_flash_sm90_fp16_d64_full bytesper_flash_sm90_fp16_d64_causal bytesper_flash_sm90_bf16_d64_full bytesper_decode_fp16_fp16_d64 bytesper_decode_bf16_fp8_d128",
    );
    const doubt = doubts(broken)["kernels-passed-over"];
    expect(doubt).toMatch(/sm90_fp16_d64_full \(it is off by .+, and 0.003 is allowed\)/);
    expect(doubt).toMatch(/sm90_fp16_d64_causal \(\d+ numbers of its output are missing at /);
    expect(doubt).toContain("sm90_bf16_d64_full (the process that ran it ended with SIGSEGV)");
    expect(doubt).toMatch(/flash_fp32_d64_full \(cu\w+ failed: an illegal memory access was encountered\)/);
    expect(doubt).toMatch(/decode_bf16_fp8_d128 \(it is off by .+ over a dense cache, and 0.01 is allowed\)/);
    // Its sums are joined by another kernel; what it left out is NaN there too.
    expect(doubt).toMatch(
      /decode_fp16_fp16_d64 \(\d+ numbers of its output are missing over a dense cache\)/,
    );
    // The kernels for sm_80 stand in, and were checked in their place.
    expect(doubts(broken)["kernels-untried"]).toContain("portable, sm80 and sm90");
    expect(hangs.instructionSet).toBe("cuda without bytesper_flash_sm90_bf16_d128_full");
    expect(doubts(hangs)["kernels-passed-over"]).toContain(
      "bytesper_flash_sm90_bf16_d128_full (it did not end within 15 s)",
    );
  },
);

test(
  "where nothing is right, the CPU runs and the first line says why; a GPU that was named is an error",
  {
    timeout: 400_000,
  },
  () => {
    const lost = join(folder, "lost");
    const [lies, gone, pools] = selected([
      { STAND_IN_KERNEL: "flash=lie,values=lie,decode=lie" },
      { STAND_IN_LOST: lost, STAND_IN_KERNEL: "flash_fp16_d64_full=lose" },
      { STAND_IN_FAIL: "cuMemPoolGetAttribute=999@20" },
    ]) as [SelectedDevice, SelectedDevice, SelectedDevice];
    for (const each of [lies, gone, pools]) expect(each.device).toBe("cpu");
    expect(lies.notices[0]).toMatch(
      /^Running on the CPU: cuda:0 \(Emulated GPU\) cannot be used: no kernel proved itself: /,
    );
    expect(gone.notices[0]).toContain(
      "no CUDA-capable device is detected (after bytesper_flash_fp16_d64_full: ",
    );
    expect(pools.notices[0]).toContain("cuMemPoolGetAttribute failed: unknown error");
    const [named] = selected([{ STAND_IN_LOST: lost }], "cuda") as unknown as [{ error: string }];
    expect(named.error).toMatch(/^There is no device cuda:0 here: .*no CUDA-capable device/);
  },
);

test(
  "a proof is remembered for its device, driver and choice of kernels, and asks whether the device is there",
  {
    timeout: 400_000,
  },
  () => {
    const [first, second, narrowed, gone] = selected(
      [
        { STAND_IN_ARCH: "90", STAND_IN_TOTAL: String(2 ** 33) },
        { STAND_IN_ARCH: "90", STAND_IN_TOTAL: String(2 ** 33) },
        { STAND_IN_ARCH: "90", STAND_IN_TOTAL: String(2 ** 33), BYTESPER_FLASH: "sm80" },
        {
          STAND_IN_ARCH: "90",
          STAND_IN_TOTAL: String(2 ** 33),
          STAND_IN_FAIL: "cuDevicePrimaryCtxRetain=999@1",
        },
      ],
      "auto",
      false,
    ) as [SelectedDevice, SelectedDevice, SelectedDevice, SelectedDevice];
    expect(first.notices[0]).toContain("with double precision on it now");
    expect(second.notices[0]).toMatch(/with double precision on it at \d{4}-/);
    expect(second.instructionSet).toBe("cuda");
    expect(narrowed.notices[0]).toContain("with double precision on it now");
    expect(doubts(narrowed)["kernels-untried"]).toContain("the portable and sm80 kernels");
    expect(gone.notices[0]).toContain("cuDevicePrimaryCtxRetain failed: unknown error");
  },
);
