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
      const only = ["--only", "machine,small,host,pool,nvml,fault,memcheck", "--budget", "200"];
      const run = (program: string, args: string[], env = {}): { status: number | null; check: Check } => {
        const { status } = spawnSync(program, [...args, ...only], { env: { ...bare, ...env } });
        return {
          status,
          check: JSON.parse(readFileSync(join(folder, "gpu-check.json"), "utf8")) as Check,
        };
      };
      const { status, check } = run(join(bin, "sh"), [join(folder, "check.sh")]);
      expect(Object.fromEntries(check.steps.map(({ name, status: each }) => [name, each]))).toMatchObject({
        ...{ machine: "skipped", small: "ok", host: "ok", pool: "ok", nvml: "ok", fault: "ok" },
        ...{ memcheck: "skipped", all: "skipped" },
      });
      expect(status).toBe(0);
      const small = check.steps.find(({ name }) => name === "small")?.records ?? [];
      // A T4 runs the flash kernels of fp16 and fp32: two widths, masked or not, five shapes each.
      expect(small.filter(({ step }) => step === "kernel")).toHaveLength(40);
      const lying = run(join(folder, "steps"), [folder], { STAND_IN_KERNEL: "sm75_fp16_d64_full=short" });
      expect(lying.status).toBe(1);
      const wrong = lying.check.steps.find(({ name }) => name === "small");
      expect(wrong).toMatchObject({ status: "failed", reason: "it ended with 1" });
      expect(wrong?.records.filter(({ ok }) => ok === false).map(({ kernel }) => kernel)).toEqual(
        Array(5).fill("bytesper_flash_sm75_fp16_d64_full"),
      );
      expect(readFileSync(join(folder, "gpu-check.md"), "utf8")).toContain("Wrong: `{");
      const drawn = spawnSync(
        process.execPath,
        [join(root, "bench/attention/gpu.mjs"), join(folder, "gpu-check.json")],
        { encoding: "utf8" },
      );
      expect(drawn.stderr).toBe("");
      expect(drawn.stdout).toContain("The check has no speeds.");
      expect(drawn.stdout).toContain("**Failed steps: small (it ended with 1), host (it ended with 1).**");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
