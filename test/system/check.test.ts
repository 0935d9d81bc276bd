import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Confirmed } from "../../src/report/budgets/confirm.js";
import type { Ended } from "./cli.js";
import { bytesper, inFolder } from "./cli.js";

// Each check measures once or twice, up to four checks in a test.
vi.setConfig({ testTimeout: 240_000 });

/** 24 bytes of an object, 8 a field and 16 for the box of a time stamp: 56 bytes, or 80 with a second stamp. */
const EXPERIMENT = `class Session {
  constructor(i) {
    this.id = i; this.at = 1.7e12 + i;
    if (process.env.MORE) this.until = 1.8e12 + i;
    if (process.env.LEFT) (globalThis.left ??= []).push(new Uint8Array(1000));
  }
}
export default {
  name: "tiny", unit: "session", factors: { sessions: [1, 10, 100] }, population: "sessions",
  subject: { create: (i) => new Session(i) },
};`;

const MORE = { MORE: "1" };
const FILE = "./tiny.experiment.mjs";

/** A folder with the experiment and a config; `check` runs there, with as few cells as a verdict needs. */
async function inProject(
  config: object,
  use: (
    folder: string,
    check: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Ended>,
  ) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "tiny.experiment.mjs"), EXPERIMENT);
    writeFileSync(join(folder, "bytesper.config.json"), `${JSON.stringify(config, null, 2)}\n`);
    const environment = { GITHUB_ACTIONS: "", GITHUB_STEP_SUMMARY: "" };
    await use(folder, (args, env = {}) =>
      bytesper(["check", "--trials", "3", ...args], { cwd: folder, env: { ...environment, ...env } }),
    );
  });
}

test("a class with one more field exceeds its budget, by the bytes and for the reason that are true", async () => {
  const config = { tiny: { file: FILE, perSession: "60 B", growth: "2 %" } };
  await inProject(config, async (folder, check) => {
    await bytesper(["run", "tiny.experiment.mjs", "--trials", "3"], { cwd: folder });
    const kept = await check([]);
    expect(kept.stdout).toContain("2 budgets kept.");
    expect(kept.code).toBe(0);
    const summary = join(folder, "summary.md");
    const over = await check(["--verbose", "--junit", "junit.xml"], {
      ...MORE,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_ACTIONS: "true",
    });
    expect(over.code).toBe(1);
    expect(over.stdout).toContain("tiny.perSession: 80 B per session; the budget is 60 B, missed by 20 B");
    expect(over.stdout).toContain("measured again in fresh processes: 80 B per session");
    expect(over.stdout).toContain(
      "why: +24 bytes per session: `(heap number)` 16 -> 32 (1 -> 2 of them); `Session` 40 -> 48",
    );
    expect(over.stdout).toContain("budget: bytesper.config.json:4, key tiny.perSession");
    expect(over.stdout).toContain("reproduce: bytesper check --config bytesper.config.json --only tiny");
    expect(over.stderr).toContain("::error file=");
    expect(readFileSync(join(folder, "junit.xml"), "utf8")).toContain('failures="2"');
    expect(readFileSync(summary, "utf8")).toContain("2 budgets exceeded.");
  });
});

test("what each session leaves behind is judged by growthPerCall", async () => {
  await inProject({ tiny: { file: FILE, growthPerCall: "100 B" } }, async (_folder, check) => {
    expect((await check([])).stdout).toContain("1 budget kept.");
    const { code, stdout } = await check([], { LEFT: "1" });
    expect(code).toBe(1);
    const [, left] = /tiny\.growthPerCall: ([\d,.]+) .*left behind per session/.exec(stdout) ?? [];
    // 1,000 bytes of data, the array's object, its buffer and its place in the list; malloc has the data too.
    const bytes = Number(left?.replaceAll(",", ""));
    expect(bytes).toBeGreaterThan(1000 + 100);
    expect(bytes).toBeLessThan(1000 + 500);
  });
});

test("a run that was done is judged, and measured again before it fails", async () => {
  const config = { tiny: { file: FILE, perSession: "60 B" } };
  await inProject(config, async (folder, check) => {
    await bytesper(["run", "tiny.experiment.mjs", "--trials", "3", "--out", "done"], {
      cwd: folder,
      env: MORE,
    });
    // The run was over the budget, and the measurement in fresh processes is not.
    const { code, stdout } = await check(["--result", "done", "--json"]);
    const { budgets } = JSON.parse(stdout) as { budgets: Confirmed[] };
    expect(budgets).toMatchObject([{ verdict: "within", first: { verdict: "over" } }]);
    expect(code).toBe(0);
    expect((await check(["--result", "nowhere"])).stderr).toContain("nowhere does not exist");
  });
});

test("--update lowers to what was measured, and raises only with a reason", async () => {
  const config = { tiny: { file: FILE, perSession: "60 B" } };
  await inProject(config, async (folder, check) => {
    const read = (): unknown => JSON.parse(readFileSync(join(folder, "bytesper.config.json"), "utf8"));
    const refused = await check(["--update"], MORE);
    expect(refused.code).toBe(1);
    expect(read()).toEqual(config);
    expect((await check(["--update"])).code).toBe(0);
    // 56 bytes and the 8 that one reading over 99 sessions can be off, in whole bytes.
    expect(read()).toEqual({ tiny: { file: FILE, perSession: "57 B" } });
    const raised = await check(["--update", "--allow-raise", "a second time stamp"], MORE);
    expect(raised.code).toBe(0);
    expect(read()).toEqual({
      tiny: { file: FILE, perSession: "81 B", reasons: { perSession: "a second time stamp" } },
    });
  });
});

test("the self-test notices a leak of known size and names its class", async () => {
  await inProject({ tiny: { file: FILE, perSession: "60 B" } }, async (_folder, check) => {
    const { code, stdout } = await check(["--self-test", "--json"]);
    const outcome = JSON.parse(stdout) as { leakedBytesPerUnit: number; cause: string; problems: string[] };
    expect(outcome.problems).toEqual([]);
    expect(outcome.leakedBytesPerUnit).toBe(1056);
    expect(outcome.cause).toContain("BytesperSelfTestLeak");
    expect(code).toBe(0);
  });
});

test("growth without a committed result does not pass", async () => {
  await inProject({ tiny: { file: FILE, growth: "2 %" } }, async (_folder, check) => {
    const { code, stdout } = await check(["--verbose"]);
    expect(stdout).toContain("UNKNOWN  tiny.growth");
    expect(code).toBe(3);
  });
});

const WRONG: [unknown, RegExp][] = [
  [{ tiny: { file: FILE, perMessage: "8 kB" } }, /"perMessage".*the nearest is perSession/],
  [
    { "session-scalin": { perSession: "8 kB" } },
    /unknown experiment "session-scalin"; the nearest is session-scaling/,
  ],
  [{ tiny: { file: FILE, perSession: "8 kilos" } }, /"8 kilos" is not a size/],
  [{ other: { file: FILE, perSession: "8 kB" } }, /whose experiment is named "tiny"/],
  [{ tiny: { file: "./none.mjs", perSession: "8 kB" } }, /none\.mjs does not exist/],
  [{}, /holds no budget/],
];

test.each(WRONG)("the config %j is a mistake of one sentence", async (config, sentence) => {
  await inProject(config as object, async (_folder, check) => {
    const { code, stderr } = await check([]);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

test("budgets that nothing could keep are mistakes, told after the measurement", async () => {
  await inProject({ tiny: { file: FILE, perSession: "60 B" } }, async (folder, check) => {
    writeFileSync(
      join(folder, "b.json"),
      JSON.stringify({ tiny: { file: FILE, maxSessions: { memory: "100 B", atLeast: 1 } } }),
    );
    const { code, stderr } = await check(["--config", "b.json"]);
    expect(stderr).toMatch(/given less memory than a process without any/);
    expect(code).toBe(2);
  });
});

test("a config that throws, one in TypeScript, none at all, and flags that do not go together", async () => {
  await inProject({ tiny: { file: FILE, perSession: "60 B" } }, async (folder, check) => {
    writeFileSync(join(folder, "throws.mjs"), 'throw new Error("no budget today");');
    writeFileSync(
      join(folder, "typed.ts"),
      `const budgets: Record<string, object> = { tiny: { file: "${FILE}", perSession: "100 B" } };\nexport default budgets;\n`,
    );
    const throws = await check(["--config", "throws.mjs"]);
    expect([throws.code, throws.stderr]).toEqual([2, "throws.mjs cannot be loaded: no budget today.\n"]);
    const none = await check(["--config", "none.json"]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("none.json is no file")]);
    expect((await check(["--allow-raise", "why"])).stderr).toContain("--allow-raise belongs to --update");
    expect((await check(["--only", "tin"])).stderr).toContain("the nearest is tiny");
    const typed = await check(["--config", "typed.ts", "--update"]);
    expect(typed.stderr).toContain('To be edited by hand in typed.ts: tiny.perSession: 100 B -> "57 B"');
    expect(typed.code).toBe(0);
  });
});
