import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { emulatedDevice, NO_CXX_COMPILER } from "../addon/support/stand-in.js";

// The folder that checks the kernels on a machine with a GPU, against a driver that stands in for one.

interface Check {
  failedSteps: number;
  steps: { name: string; status: string; reason?: string; records: Record<string, unknown>[] }[];
}

const root = fileURLToPath(new URL("../../", import.meta.url));

function drawn(file: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(root, "bench/attention/gpu.mjs"), file], { encoding: "utf8" });
}

test(
  "the check folder is built and run without Node, and a kernel that lies counts",
  {
    timeout: 240_000,
  },
  ({ skip }) => {
    skip(NO_CXX_COMPILER !== undefined, NO_CXX_COMPILER);
    const { LD_LIBRARY_PATH: library } = emulatedDevice();
    const bundled = spawnSync(process.execPath, [join(root, "scripts/gpu-bundle.mjs"), "--no-kernels"], {
      encoding: "utf8",
    });
    expect(bundled.stderr).toBe("");
    const folder = mkdtempSync(join(tmpdir(), "bytesper-gpu-check-"));
    try {
      cpSync(join(root, "build/gpu-check"), folder, { recursive: true });
      writeFileSync(join(folder, "fatbin/base.fatbin"), "in the library");
      // Only what the folder says it needs.
      const bin = join(folder, "bin");
      mkdirSync(bin);
      for (const name of ["sh", "g++", "as", "ld", "dirname"]) {
        const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
        symlinkSync(found, join(bin, name));
      }
      const bare = {
        PATH: bin,
        LD_LIBRARY_PATH: library,
        STAND_IN_PLAIN: "1",
        STAND_IN_ARCH: "75",
      };
      expect(spawnSync(join(bin, "sh"), ["-c", "command -v node"], { env: bare }).status).not.toBe(0);
      const run = (
        program: string,
        args: string[],
        env = {},
        steps = "machine,small,decode,host,pool,nvml,fault,memcheck",
      ): { status: number | null; check: Check } => {
        const options = ["--only", steps, "--budget", "200"];
        const { status } = spawnSync(program, [...args, ...options], { env: { ...bare, ...env } });
        return {
          status,
          check: JSON.parse(readFileSync(join(folder, "gpu-check.json"), "utf8")) as Check,
        };
      };
      const { status, check } = run(join(bin, "sh"), [join(folder, "check.sh")]);
      expect(Object.fromEntries(check.steps.map(({ name, status: each }) => [name, each]))).toMatchObject({
        ...{ machine: "skipped", small: "ok", decode: "ok", host: "ok", pool: "ok", nvml: "ok", fault: "ok" },
        ...{ memcheck: "skipped", all: "skipped" },
      });
      expect(status).toBe(0);
      const small = check.steps.find(({ name }) => name === "small")?.records ?? [];
      // A T4 runs the flash kernels of fp16 and fp32: two widths, masked or not, five shapes each.
      expect(small.filter(({ step }) => step === "kernel")).toHaveLength(40);
      // Three head dimensions, caches of the queries' type and of 8 bits for both types, seven settings each.
      const decode = check.steps.find(({ name }) => name === "decode")?.records ?? [];
      expect(decode.filter(({ step }) => step === "decode")).toHaveLength(84);
      const lying = run(join(folder, "steps"), [folder], {
        STAND_IN_KERNEL: "sm75_fp16_d64_full=short,decode_bf16_fp8_d256=lie,decode_fp16_fp16_d64=short",
      });
      expect(lying.status).toBe(1);
      const wrong = lying.check.steps.find(({ name }) => name === "small");
      expect(wrong).toMatchObject({ status: "failed", reason: "it ended with 1" });
      expect(wrong?.records.filter(({ ok }) => ok === false).map(({ kernel }) => kernel)).toEqual(
        Array(5).fill("bytesper_flash_sm75_fp16_d64_full"),
      );
      expect(readFileSync(join(folder, "gpu-check.md"), "utf8")).toContain("Wrong: `{");
      const wrongDecode = lying.check.steps
        .find(({ name }) => name === "decode")
        ?.records.filter(({ ok }) => ok === false);
      expect([...new Set(wrongDecode?.map(({ kernel }) => kernel))]).toEqual([
        "bytesper_decode_fp16_fp16_d64",
        "bytesper_decode_bf16_fp8_d256",
      ]);
      const failed = drawn(join(folder, "gpu-check.json"));
      expect(failed).toMatchObject({ status: 1, stderr: "" });
      expect(failed.stdout).toContain("The check has no speeds.");
      expect(failed.stdout).toContain(
        "**Failed steps: small (it ended with 1), decode (it ended with 1), host (it ended with 1).**",
      );
      // Each of its times is 1.5 ms, of four layers or of one plain read of all memory: 4096 tokens x 32 KiB.
      const timed = run(
        join(folder, "steps"),
        [folder],
        { STAND_IN_NO_KERNELS: "1", STAND_IN_TOTAL: String(2 ** 28) },
        "decode speed",
      );
      expect(timed.status).toBe(0);
      const speeds = timed.check.steps.find(({ name }) => name === "decode speed")?.records ?? [];
      expect(
        speeds.find(
          ({ cache, headDim, sequences }) => cache === "paged fp8" && headDim === 64 && sequences === 16,
        ),
      ).toMatchObject({
        // 16 sequences of 256 tokens, 8 heads, 64 numbers of 1 byte, keys and values.
        ...{ tokens: 256, readBytes: 2 ** 22, medianMs: 0.375, gbPerSecond: 11.1848107 },
        ...{ plainReadGbPerSecond: 89.4784853, shareOfPlainRead: 0.125 },
      });
      expect(drawn(join(folder, "gpu-check.json"))).toMatchObject({ status: 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("speeds of a check stand beside those of PyTorch, ours against theirs in brackets", () => {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-gpu-speeds-"));
  try {
    const point = { headDim: 128, causal: true, tokens: 512 };
    const cached = { cache: "dense bf16", headDim: 128, sequences: 1, tokens: 131072 };
    const step = (name: string, records: object[]): object => ({ name, status: "ok", records });
    const check = {
      ...{ schema: "bytesper/gpu-check@1", startedAt: "2030-01-02T03:04:05Z" },
      steps: [
        step("speed", [
          { ...point, family: "sm80", tflops: 300 },
          { ...point, family: "sm90", tflops: 600 },
        ]),
        step("torch", [{ ...point, peer: "torch cudnn", tflops: 500 }]),
        step("decode speed", [{ ...cached, gbPerSecond: 3000, shareOfPlainRead: 0.75 }]),
        step("torch decode", [{ ...cached, peer: "torch flash", gbPerSecond: 2000 }]),
      ],
    };
    writeFileSync(join(folder, "check.json"), JSON.stringify(check));
    const { stdout, status } = drawn(join(folder, "check.json"));
    expect(status).toBe(0);
    expect(stdout.split("\n").filter((line) => line.startsWith("| "))).toEqual([
      "| head dimension | causal | tokens | sm80, speed | sm90, speed | torch cudnn |",
      "| --- | ---: | ---: | ---: | ---: | ---: |",
      "| 128 | yes | 512 | 300 | 600 | 500 (1.20) |",
      "| cache | head dimension | sequences | tokens of each | decode speed | decode speed, of a plain read | torch flash |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
      "| dense bf16 | 128 | 1 | 131072 | 3000 | 75 % | 2000 (1.50) |",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
