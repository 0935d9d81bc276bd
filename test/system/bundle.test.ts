import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesper, inFolder, ROOT, run } from "./cli.js";

test(
  "a bundle runs without Node on the PATH, and is small enough to carry",
  { timeout: 300_000 },
  async ({ skip }) => {
    skip(process.platform !== "linux", "needs Linux");
    const made = await run(process.execPath, [join(ROOT, "scripts/bundle.mjs")]);
    expect(made.code, made.stderr).toBe(0);
    const archive = join(ROOT, /build\/\S+\.tar\.gz/.exec(made.stdout)?.[0] ?? "");
    expect(statSync(archive).size).toBeLessThan(60 * 2 ** 20);
    await inFolder(async (folder) => {
      expect(await run("tar", ["-C", folder, "-xzf", archive])).toMatchObject({ code: 0 });
      const [name] = readdirSync(folder) as [string];
      const env = { PATH: "/usr/bin:/bin", NODE_PATH: "", NODE_OPTIONS: "" };
      const program = join(folder, name, "bytesper");
      const args = ["profile", "device-sessions", "instance-overhead", "--quick", "--device", "cpu"];
      const ended = await run(program, [...args, "--device-cap", "200MiB", "--trials", "1"], {
        cwd: folder,
        env,
      });
      expect(ended.code, ended.stderr).toBe(0);
      const result = JSON.parse(
        readFileSync(join(folder, "results/device-sessions/result.json"), "utf8"),
      ) as { complete: boolean };
      expect(result.complete).toBe(true);
    });
  },
);

test("the command itself is what the bundle starts", async () => {
  expect((await bytesper(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
