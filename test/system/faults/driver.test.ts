import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { parseResult } from "../../../src/record/schema.js";
import { compileStandIn, NO_COMPILER } from "../../addon/support/stand-in.js";
import { bytesper, inFolder, MAIN } from "../cli.js";

beforeEach(({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
});

/** An environment in which no call into NVML and the CUDA driver returns. */
function hanging(limit: string): NodeJS.ProcessEnv {
  const folders = [
    compileStandIn("nvml.c", "libnvidia-ml.so.1", { HANG: 1 }),
    compileStandIn("cuda.c", "libcuda.so.1", { HANG: 1 }),
  ];
  return { LD_LIBRARY_PATH: folders.join(":"), BYTESPER_DRIVER_LIMIT: limit };
}

function experiment(folder: string, more: object): string {
  const file = join(folder, "g.experiment.mjs");
  const command = ["/bin/echo", '{"v":{n}}'];
  writeFileSync(
    file,
    `export default ${JSON.stringify({ name: "g", unit: "x", factors: { n: [1] }, command, ...more })};`,
  );
  return file;
}

/** Processes that ask the driver in this folder. */
function askersOf(library: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/environ`, "latin1").includes(library) &&
        readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("/driver/child.js")
      );
    } catch {
      return false;
    }
  });
}

test("a driver that hangs makes the devices absent with that reason, in every command that asks for one", async () => {
  const env = hanging("300 ms");
  const listed = await bytesper(["devices"], { env });
  expect(listed).toEqual({ code: 3, stdout: "", stderr: "NVML did not answer within 0.3 s.\n" });
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const capped = experiment(folder, { caps: { device: "1 GiB" } });
    const run = await bytesper(["run", capped, "--out", out], { env });
    expect(run.code, run.stderr).toBe(0);
    const result = parseResult(readFileSync(join(out, "g/result.json"), "utf8"), "result.json");
    expect(result.environment).toMatchObject({
      devices: [],
      devicesAbsent: "NVML did not answer within 0.3 s",
    });
    const rules = join(folder, "rules.json");
    writeFileSync(rules, JSON.stringify({ rules: ["deviceUsedBytes > 1 GiB"] }));
    const guarded = await bytesper(["guard", "--rules", rules, "--", "/bin/echo", "ran"], { env });
    expect(guarded.stderr).toContain("NVML did not answer within 0.3 s");
  });
  const attention = ["attention", "--tokens", "4", "--heads", "1", "--head-dim", "16", "--kernel", "naive"];
  const asked = await bytesper([...attention, "--device", "cuda"], { env });
  expect(asked).toMatchObject({
    code: 3,
    stderr: "cuda:0 cannot be used: the CUDA driver did not answer within 0.3 s.\n",
  });
  const auto = await bytesper(attention, { env });
  expect(auto.code).toBe(0);
  expect(auto.stderr).toContain("Running on the CPU: the CUDA driver did not answer within 0.3 s.");
});

test("a grid that needs no device asks no driver", async () => {
  // With this limit, a question to the driver would outlast the test.
  const env = hanging("1 h");
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const { code, stderr } = await bytesper(["run", experiment(folder, {}), "--out", out], { env });
    expect(code, stderr).toBe(0);
    const result = parseResult(readFileSync(join(out, "g/result.json"), "utf8"), "result.json");
    expect(result.environment.devicesAbsent).toContain("no driver was asked");
  });
});

test("an interrupt ends a command that waits for the driver, and the process that hangs ends with it", async () => {
  const env = hanging("1 h");
  const library = env.LD_LIBRARY_PATH ?? "";
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    const child = spawn(process.execPath, [MAIN, "devices"], {
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => {
      child.once("exit", (_, by) => {
        resolve(by);
      });
    });
    await expect.poll(() => askersOf(library)).toHaveLength(1);
    child.kill(signal);
    expect(await ended).toBe(signal);
    await expect.poll(() => askersOf(library)).toEqual([]);
  }
  await inFolder(async (folder) => {
    const capped = experiment(folder, { caps: { device: "1 GiB" } });
    const child = spawn(process.execPath, [MAIN, "run", capped, "--out", join(folder, "out")], {
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await expect.poll(() => askersOf(library)).toHaveLength(1);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    await expect.poll(() => askersOf(library)).toEqual([]);
  });
});
