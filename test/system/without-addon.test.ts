import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Ended } from "./cli.js";
import { inFolder, ROOT, run } from "./cli.js";
import { parseResult } from "../../src/record/schema.js";

/** Runs the command line of a copy of the package that has no addon, as after `npm install --ignore-scripts`. */
async function withoutAddon<T>(
  use: (bytesper: (...args: string[]) => Promise<Ended>) => Promise<T>,
): Promise<T> {
  return inFolder(async (folder) => {
    const copy = join(folder, "node_modules", "bytesper");
    mkdirSync(copy, { recursive: true });
    cpSync(join(ROOT, "dist"), join(copy, "dist"), { recursive: true });
    cpSync(join(ROOT, "package.json"), join(copy, "package.json"));
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    writeFileSync(
      join(folder, "formatter.mjs"),
      'export const create = () => new Intl.DateTimeFormat("en-US", { dateStyle: "medium", hourCycle: "h23" });\n',
    );
    writeFileSync(
      join(folder, "formatters.experiment.mjs"),
      'export default { name: "formatters", unit: "formatter", factors: {}, instances: 50, subject: "./formatter.mjs" };\n',
    );
    writeFileSync(
      join(folder, "bytesper.config.json"),
      JSON.stringify({
        formatters: {
          file: "./formatters.experiment.mjs",
          perFormatter: "10 MB",
          maxFormatters: { memory: "1 GiB", atLeast: 1 },
        },
      }),
    );
    return use((...args) =>
      run(process.execPath, [join(copy, "dist/cli/main.js"), ...args], { cwd: folder }),
    );
  });
}

const ADVICE = /run npx node-gyp rebuild --directory=/;

test("no reading of native memory is a number, on the page or in the result", async () => {
  await withoutAddon(async (bytesper) => {
    const args = ["measure", "./formatter.mjs", "--instances", "50", "--trials", "1", "--no-snapshot"];
    const { stdout, stderr } = await bytesper(...args, "--json");
    expect(stdout, stderr).not.toBe("");
    expect(stdout).not.toMatch(/: (null|NaN)\b/);
    const { rows, fit, leak, ledger, nullControl, warnings } = parseResult(stdout, "stdout");
    if ("absent" in fit || leak === undefined || "absent" in leak || "absent" in nullControl)
      throw new Error("there is no line");
    const readings = [
      ...["nativeBytes", "pssBytes", "rssBytes"].map((name) => rows[0]?.readings[name]),
      ...[fit.nativePerUnitBytes, fit.kernelPerUnitBytes, fit.totalPerUnitBytes],
      ...[leak.nativePerInstanceBytes, leak.kernelPerInstanceBytes],
      ...[nullControl.pssBytes, nullControl.rssBytes, ledger],
    ];
    for (const reading of readings)
      expect(reading).toEqual({ absent: expect.stringMatching(ADVICE) as string });
    expect(warnings[0]?.name).toBe("no-native");

    const page = await bytesper(...args);
    expect(page.stdout.split("\n")[0]).toMatch(/^Native memory was not measured: the native addon/);
    expect(page.stdout.split("\n")[0]).toMatch(ADVICE);
  });
});

test("budgets cannot be judged, which ends with 3", async () => {
  await withoutAddon(async (bytesper) => {
    const { code, stdout } = await bytesper("check", "--trials", "1");
    expect(stdout).toMatch(/! formatters\.perFormatter: .*addon could not be loaded/);
    expect(stdout).toMatch(/! formatters\.maxFormatters: .*addon could not be loaded/);
    expect(code).toBe(3);
  });
});
