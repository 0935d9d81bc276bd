import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startTicksOf } from "../../src/system/process.js";
import { bytesper, inFolder, MAIN, ROOT, run } from "./cli.js";

const NODE = process.execPath;
/** What holds whatever the command does. */
const QUIET = { sample: "50 ms", rules: ["hostAvailableBytes < 1 B"] };

function rulesIn(folder: string, rules: unknown): string {
  const path = join(folder, "rules.json");
  writeFileSync(path, JSON.stringify(rules));
  return path;
}

interface LogLine {
  event: string;
  rule?: string;
  doubt?: string;
  msg: string;
  stoppedBy?: string | null;
  sampledPeaks?: Record<string, number>;
}

function logOf(path: string): LogLine[] {
  return (
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as LogLine)
      // On a busy machine a sample may be dear.
      .filter(({ doubt }) => doubt !== "sampling-slowed")
  );
}

/** Waits for what must come; the test's own limit ends the wait. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

function isAlive(pid: number): boolean {
  return startTicksOf(pid) !== undefined;
}

describe("the command under the guard", () => {
  test("keeps its streams and its exit code", async () => {
    await inFolder(async (folder) => {
      const program = `process.stdout.write("out"); process.stderr.write("err\\n"); process.exitCode = 7;`;
      const log = join(folder, "log");
      const rules = rulesIn(folder, QUIET);
      const ended = await bytesper(["guard", "--rules", rules, "--log", log, "--", NODE, "-e", program]);
      expect(ended).toEqual({ code: 7, stdout: "out", stderr: "err\n" });
      expect(logOf(log).map(({ event }) => event)).toEqual(["started", "ended"]);
    });
  });

  test("one that a signal ended gives 128 and the signal's number", async () => {
    await inFolder(async (folder) => {
      const program = `process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);`;
      const { code } = await bytesper([
        "guard",
        "--rules",
        rulesIn(folder, QUIET),
        "--",
        NODE,
        "-e",
        program,
      ]);
      expect(code).toBe(137);
    });
  });

  test("gets the signals that the guard gets", async () => {
    await inFolder(async (folder) => {
      const ready = join(folder, "ready");
      const program = `process.on("SIGTERM", () => process.exit(5)); require("fs").writeFileSync(${JSON.stringify(ready)}, ""); setInterval(() => {}, 1000);`;
      const guard = spawn(
        NODE,
        [MAIN, "guard", "--rules", rulesIn(folder, QUIET), "--", NODE, "-e", program],
        {
          stdio: "ignore",
        },
      );
      const ended = new Promise((resolve) => guard.once("exit", resolve));
      await until(() => existsSync(ready));
      guard.kill("SIGTERM");
      expect(await ended).toBe(5);
    });
  });

  test("goes on when the guard is killed, and can tell that its state is stale", async () => {
    await inFolder(async (folder) => {
      const [ready, done] = [join(folder, "ready"), join(folder, "done")];
      const program = `
        const fs = require("fs");
        const state = () => JSON.parse(fs.readFileSync(process.env.BYTESPER_GUARD_STATE, "utf8"));
        const look = () => {
          const { pid, timestamp, staleAfterSeconds } = state();
          let alive = true;
          try { process.kill(pid, 0); } catch { alive = false; }
          if (!fs.existsSync(${JSON.stringify(ready)})) fs.writeFileSync(${JSON.stringify(ready)}, String(pid));
          if (alive || Date.now() / 1000 - timestamp < staleAfterSeconds) return void setTimeout(look, 20);
          fs.writeFileSync(${JSON.stringify(done)}, "went on");
        };
        look();`;
      const state = join(folder, "state.json");
      const guard = spawn(
        NODE,
        [MAIN, "guard", "--rules", rulesIn(folder, QUIET), "--state", state, "--", NODE, "-e", program],
        // A guard that is killed leaves its folder.
        { stdio: "ignore", env: { ...process.env, TMPDIR: folder } },
      );
      const killed = new Promise((resolve) =>
        guard.once("exit", (_, signal) => {
          resolve(signal);
        }),
      );
      await until(() => existsSync(ready) && readFileSync(ready, "utf8") !== "");
      expect(readFileSync(ready, "utf8")).toBe(String(guard.pid));
      guard.kill("SIGKILL");
      expect(await killed).toBe("SIGKILL");
      await until(() => existsSync(done));
    });
  });
});

test("stop ends the whole tree: one that ignores SIGTERM and has lost its parent too", async (context) => {
  if (process.platform !== "linux") context.skip("needs /proc");
  await inFolder(async (folder) => {
    const pidFile = join(folder, "pid");
    const stubborn = `process.on("SIGTERM", () => {}); require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);`;
    // Its parent is gone before the guard can have seen the two together.
    const between = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(stubborn)}], { detached: true, stdio: "ignore" }).unref();`;
    const program = `
      require("child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(between)}], { stdio: "ignore" });
      const kept = [];
      setInterval(() => {
        if (require("fs").existsSync(${JSON.stringify(pidFile)}) && kept.length < 40) kept.push(Buffer.alloc(2 ** 24, 1));
      }, 20);`;
    const log = join(folder, "log");
    const rules = rulesIn(folder, {
      sample: "50 ms",
      grace: "300 ms",
      rules: [{ name: "limit", when: "pssBytes > 300 MiB", action: "stop" }],
    });
    const { code } = await bytesper(["guard", "--rules", rules, "--log", log, "--", NODE, "-e", program]);
    expect(code).toBe(143);
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
    const lines = logOf(log);
    expect(lines.map(({ event }) => event)).toEqual(["started", "fired", "stopping", "stopped", "ended"]);
    expect(lines.at(-1)?.stoppedBy).toBe("limit");
    expect(lines.at(-1)?.sampledPeaks?.pssBytes).toBeGreaterThan(300 * 2 ** 20);
  });
});

test("the Python loop of docs/guard.md skips, holds growth back, cleans up and ends by itself", async (context) => {
  const python = await run("python3", ["--version"]).catch(() => undefined);
  if (python?.code !== 0) return context.skip("python3 is not there");
  const page = readFileSync(join(ROOT, "docs/guard.md"), "utf8");
  const block = (language: string): string => {
    const [, text] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "m").exec(page) ?? [];
    if (text === undefined) throw new Error(`docs/guard.md has no block of ${language}`);
    return text;
  };
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "rules.json"), block("json"));
    writeFileSync(join(folder, "train.py"), block("python"));
    const words = ["guard", "--rules", "rules.json", "--log", "log", "--", "python3", "train.py"];
    const { code, stdout } = await bytesper(words, { cwd: folder });
    expect(code).toBe(0);
    const counts = JSON.parse(stdout) as Record<string, number>;
    // Growth is held back above 0.9 of 200 flows, drawing is skipped above 0.5 of them.
    expect(counts.flows).toBeGreaterThan(180);
    expect(counts.refused).toBeGreaterThanOrEqual(20);
    expect(counts.drawn).toBeGreaterThan(100);
    expect(counts.skipped).toBeGreaterThan(0);
    expect(counts.cleanups).toBeGreaterThan(0);
    const lines = logOf(join(folder, "log"));
    expect(
      lines.filter(({ event, rule }) => event === "cleanup-done" && rule === "trails").length,
    ).toBeGreaterThan(0);
    expect(lines.filter(({ event }) => event === "doubt").map(({ doubt }) => doubt)).toEqual([]);
  });
});

describe("wrong usage is one sentence, and the command does not run", () => {
  test.each([
    [{ rules: ["rsBytes > 1 GiB"] }, /there is no reading of that name; the nearest name is rssBytes/],
    [{ rules: ["pssBytes > 900 TB"] }, /could never fire/],
    [{ rules: ["flows > 1"], numbers: { rssBytes: null } }, /is a reading already/],
    [{ rules: [{ when: "pssBytes > 1 GiB", action: "halt" }] }, /rules\.0\.action/],
  ])("%j", async (rules, message) => {
    await inFolder(async (folder) => {
      const started = join(folder, "started");
      const program = `require("fs").writeFileSync(${JSON.stringify(started)}, "")`;
      const ended = await bytesper(["guard", "--rules", rulesIn(folder, rules), "--", NODE, "-e", program]);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr.trim().split("\n")).toHaveLength(1);
      expect(existsSync(started)).toBe(false);
    });
  });

  test("a program that is not there", async () => {
    await inFolder(async (folder) => {
      const words = ["guard", "--rules", rulesIn(folder, QUIET), "--", "no-such-program"];
      const { code, stderr } = await bytesper(words);
      expect([code, stderr]).toEqual([
        2,
        'The command "no-such-program" cannot be started: there is no such program.\n',
      ]);
    });
  });
});
