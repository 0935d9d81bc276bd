import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, run } from "./cli.js";

const NEEDED = ["node", "npm", "sh", "env"];
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/;

/** A folder that holds these programs alone: no compiler, no make, no Python. */
function pathWithoutCompiler(folder: string): string {
  mkdirSync(folder);
  for (const name of NEEDED) {
    const found = (process.env.PATH ?? "").split(delimiter).find((each) => existsSync(join(each, name)));
    if (found !== undefined) symlinkSync(join(found, name), join(folder, name));
  }
  return folder;
}

const SESSION = `export class Session {
  constructor() { this.history = new Float64Array(1000); }
}
export const create = () => new Session();
`;

describe.skipIf(process.platform !== "linux" || process.arch !== "x64")(
  "the packed package in an empty project without a compiler, on Linux x64",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "bytesper-installed-"));
    const project = join(folder, "project");
    const options = {
      cwd: project,
      env: { PATH: pathWithoutCompiler(join(folder, "path")), NODE_OPTIONS: "", NODE_PATH: "" },
    };
    let unreachable: string | undefined;

    beforeAll(async () => {
      mkdirSync(project);
      const packed = spawnSync("npm", ["pack", "--pack-destination", folder], {
        cwd: ROOT,
        encoding: "utf8",
      });
      expect(packed.status, packed.stderr).toBe(0);
      const archive = readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "";
      writeFileSync(join(project, "package.json"), '{ "private": true }');
      const install = [
        "install",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        join(folder, archive),
        "vitest",
      ];
      const installed = await run("npm", install, options);
      unreachable = UNREACHABLE.exec(installed.stderr)?.[0];
      if (unreachable === undefined) expect(installed.code, installed.stderr).toBe(0);
      writeFileSync(join(project, "session.mjs"), SESSION);
    }, 300_000);

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    test("brings no chart library, tokenizer, database or canvas", ({ skip }) => {
      skip(unreachable !== undefined, `needs the package registry: ${unreachable ?? ""}`);
      const packages = readdirSync(join(project, "node_modules"));
      expect(packages).toContain("zod");
      for (const optional of ["echarts", "gpt-tokenizer", "libsql", "@napi-rs", "prom-client", "node-gyp"])
        expect(packages).not.toContain(optional);
    });

    test("a matcher judges a class", async ({ skip }) => {
      skip(unreachable !== undefined, `needs the package registry: ${unreachable ?? ""}`);
      writeFileSync(
        join(project, "session.test.mjs"),
        `import { expect, test } from "vitest";
import "bytesper/vitest";
import { Session } from "./session.mjs";
test("within", { timeout: 120_000 }, () => expect(() => new Session()).toRetainAtMost("9 kB"));
test("over", { timeout: 120_000 }, () => expect(() => new Session()).not.toRetainAtMost("8 kB"));
`,
      );
      const ended = await run("node", ["node_modules/vitest/vitest.mjs", "run"], options);
      expect(ended.stdout).toContain("2 passed");
      expect(ended.code, ended.stdout).toBe(0);
    });

    test("measures with native memory, and says how figures come", async ({ skip }) => {
      skip(unreachable !== undefined, `needs the package registry: ${unreachable ?? ""}`);
      const measured = await run("node_modules/.bin/bytesper", ["measure", "session.mjs", "--json"], options);
      expect(measured.code, measured.stderr).toBe(0);
      // 8,000 B of numbers, and the objects around them.
      const { fit } = JSON.parse(measured.stdout) as {
        fit: Record<"perUnitBytes" | "nativePerUnitBytes", { value: number }>;
      };
      expect(fit.perUnitBytes.value).toBeGreaterThan(8000);
      expect(fit.nativePerUnitBytes.value).toBeGreaterThan(8000);

      const experiment = ["profile", "instance-overhead", "--quick", "--trials", "1"];
      const profiled = await run("node_modules/.bin/bytesper", experiment, options);
      expect(profiled.code, profiled.stderr).toBe(0);
      const advice = "run npm install vega vega-lite dejavu-fonts-ttf.";
      expect(`${profiled.stdout}${profiled.stderr}`.split(advice)).toHaveLength(2);
      expect(readdirSync(join(project, "results-quick"))).toContain("index.html");
    });
  },
);
