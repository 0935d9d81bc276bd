import { spawn } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SLOW = 10 * 60_000;
const INSTALLING = "setup: installing the packages of package-lock.json\n";
const BUILDING = "setup: building the native addon\n";
const COMPILING = "setup: compiling the TypeScript\n";
const TOOK = /^setup: (.+), \d+ s\n/gm;
/** Said every two minutes of a long step, which depends on the machine. */
const LONG = /^setup: still at it after \d+ s\n/gm;

interface End {
  code: number | null;
  stdout: string;
  /** Without the lines that say how long a step took. */
  stderr: string;
  /** The steps whose duration was told. */
  took: string[];
}

let clone: string;
/** Both ends of the two set-ups that start on the fresh clone at once. */
let firstTwo: [End, End];

/** The sources as a clone would have them: nothing that was built or installed. */
function copyWorkingTree(): string {
  const made = ["node_modules", "build", "dist", "results", "coverage", ".git"];
  const folder = mkdtempSync(join(tmpdir(), "bytesper-clone-"));
  cpSync(ROOT, folder, { recursive: true, filter: (path) => !made.includes(basename(path)) });
  return folder;
}

function setUp(args: string[], env: NodeJS.ProcessEnv = {}): Promise<End> {
  return new Promise((resolve, reject) => {
    // What npm tells its scripts about this repository must not reach the clone.
    const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV$|VITEST)/.test(name));
    const child = spawn(process.execPath, ["scripts/setup.mjs", ...args], {
      cwd: clone,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const end: End = { code: null, stdout: "", stderr: "", took: [] };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (end.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (end.stderr += text));
    child.once("error", reject);
    child.once("close", (code) => {
      const took = [...end.stderr.matchAll(TOOK)].map(([, step = ""]) => step);
      resolve({ ...end, code, stderr: end.stderr.replace(TOOK, "").replace(LONG, ""), took });
    });
  });
}

const printOne = ["--", "node", "-e", "console.log(1)"];

function needSetUp(ctx: TestContext): void {
  const failure = firstTwo.find(({ stderr }) => stderr.includes("registry cannot be reached"));
  if (failure !== undefined) ctx.skip("the package registry cannot be reached from here");
}

beforeAll(async () => {
  clone = copyWorkingTree();
  firstTwo = await Promise.all([setUp(printOne), setUp(printOne)]);
}, SLOW);

afterAll(() => {
  rmSync(clone, { recursive: true, force: true });
});

describe("on a fresh clone", () => {
  it("two set-ups at once do the work once and both run their command", (ctx) => {
    needSetUp(ctx);
    expect(
      firstTwo.map(({ code, stdout }) => ({ code, stdout })),
      firstTwo[0].stderr + firstTwo[1].stderr,
    ).toEqual([
      { code: 0, stdout: "1\n" },
      { code: 0, stdout: "1\n" },
    ]);
    const [worker, waiter] = firstTwo.map(({ stderr }) => stderr).sort();
    expect(worker).toBe(INSTALLING + BUILDING + COMPILING);
    expect(firstTwo.flatMap(({ took }) => took)).toEqual([
      "the packages are installed",
      "the addon is built",
      "dist is written",
    ]);
    expect(waiter).toMatch(/^setup: waiting for another set-up of this folder \(process \d+\)\n$/);
    expect(existsSync(join(clone, "build/Release/bytesper.node"))).toBe(true);
    expect(existsSync(join(clone, "build/setup.lock"))).toBe(false);
  });

  it("nothing stale: nothing is done or said", async (ctx) => {
    needSetUp(ctx);
    expect(await setUp(printOne)).toEqual({ code: 0, stdout: "1\n", stderr: "", took: [] });
  });

  it("new file times alone make nothing stale", async (ctx) => {
    needSetUp(ctx);
    const now = new Date();
    for (const file of ["native/addon.cc", "src/base/errors.ts", "package-lock.json"])
      utimesSync(join(clone, file), now, now);
    expect((await setUp(printOne)).stderr).toBe("");
  });

  it(
    "a source that came and went leaves no trace, and a TypeScript error stops the command",
    { timeout: SLOW },
    async (ctx) => {
      needSetUp(ctx);
      const output = join(clone, "dist/passing.js");
      writeFileSync(join(clone, "src/passing.ts"), "export const passing = 1;\n");
      expect((await setUp([])).stderr).toBe(COMPILING);
      expect(existsSync(output)).toBe(true);

      rmSync(join(clone, "src/passing.ts"));
      writeFileSync(join(clone, "src/wrong.ts"), 'export const wrong: number = "text";\n');
      const { code, stdout, stderr } = await setUp(printOne);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("src/wrong.ts(1,14): error TS2322");

      rmSync(join(clone, "src/wrong.ts"));
      expect(await setUp([])).toMatchObject({ code: 0, stderr: COMPILING });
      expect(existsSync(output)).toBe(false);
    },
  );

  it("packages that were installed by hand are taken as they are", async (ctx) => {
    needSetUp(ctx);
    rmSync(join(clone, "node_modules/.bytesper-setup"));
    expect((await setUp([])).stderr).toBe("");
  });

  it("programs of node_modules/.bin are found", async (ctx) => {
    needSetUp(ctx);
    expect((await setUp(["--", "tsc", "--version"])).stdout).toMatch(/^Version \d/);
  });
});

describe("a machine that cannot set up", () => {
  it("has a changed native source and no compiler, make or Python: one sentence and exit 3", async () => {
    appendFileSync(join(clone, "native/addon.cc"), "// changed\n");
    const empty = mkdtempSync(join(tmpdir(), "bytesper-path-"));
    const { code, stdout, stderr } = await setUp(printOne, { PATH: empty, CXX: "" });
    rmSync(empty, { recursive: true });
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(
      /^setup: Building the native addon needs a C\+\+ compiler, make and Python 3\.8 or newer, not found on the PATH; install with .+\.\n$/,
    );
  });

  it("has no registry: one sentence with the log, and exit 3", { timeout: SLOW }, async () => {
    rmSync(join(clone, "node_modules"), { recursive: true, force: true });
    const cache = mkdtempSync(join(tmpdir(), "bytesper-cache-"));
    // Port 9 discards; on most machines nothing listens there at all.
    const { code, stderr } = await setUp(["--packages"], {
      npm_config_registry: "http://127.0.0.1:9",
      npm_config_cache: cache,
    });
    rmSync(cache, { recursive: true, force: true });
    expect(code).toBe(3);
    expect(stderr.replace(INSTALLING, "")).toMatch(
      /^setup: npm ci failed \(ECONNREFUSED: .+\); npm's output is in build\/setup-npm\.log\.\n$/,
    );
    expect(existsSync(join(clone, "build/setup-npm.log"))).toBe(true);
  });

  it("was given an unknown option: one sentence and exit 2", async () => {
    const { code, stderr } = await setUp(["--bad"]);
    expect(code).toBe(2);
    expect(stderr).toBe('setup: setup knows --force and --packages before "--", not --bad.\n');
  });
});
