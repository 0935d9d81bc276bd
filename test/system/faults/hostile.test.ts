import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesper, inFolder, MAIN } from "../cli.js";
import type { Result } from "../../../src/record/schema.js";
import { parseResult } from "../../../src/record/schema.js";
import { Grid, recordsOf } from "./grid.js";

/** A grid of two cells that run this script with its level as the first argument. */
function gridOf(folder: string, script: string, more: object = {}): string {
  const file = join(folder, "hostile.experiment.mjs");
  const command = ["/bin/bash", "-c", script, "cell", "{n}"];
  const experiment = { name: "hostile", unit: "x", factors: { n: [1, 2] }, command, ...more };
  writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
  return file;
}

/** The result without the cells that failed. */
function partOf(out: string): Result {
  const file = join(out, "hostile/partial.json");
  return parseResult(readFileSync(file, "utf8"), file);
}

test("a cell that kills its supervisor fails at once, its processes are ended, and the next cell runs", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const script = '[ $1 = 1 ] && { setsid sleep 600 & kill -9 $PPID; }; sleep 0.1; echo "{\\"v\\":$1}"';
    const { code, stderr } = await bytesper([
      "run",
      gridOf(folder, script, { caps: { memory: "256 MiB", time: "60 s" } }),
      "--out",
      out,
    ]);
    expect(code, stderr).toBe(1);
    const [first, second] = partOf(out).rows;
    expect(first).toMatchObject({ outcome: "crash" });
    expect(first?.cause).toContain("its supervisor was killed, so nothing held its limits");
    expect(second).toMatchObject({ outcome: "ok", readings: { v: { value: 2 } } });
  });
});

test("nested JSON, names that every object has, and escapes of a terminal are data and stop nothing", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const script = String.raw`
      if [ $1 = 1 ]; then
        printf '{"a":'; printf '[%.0s' $(seq 9000); printf ']%.0s' $(seq 9000); echo '}'
        echo '{"__proto__":9,"constructor":1,"toString":2,"<b>":4}'
      else printf '\033]0;gone\007\033[2Jlast words\n' >&2; exit 3; fi`;
    const { stdout, stderr } = await bytesper(["run", gridOf(folder, script), "--out", out]);
    expect(stderr + stdout).not.toMatch(/defect/);
    // eslint-disable-next-line no-control-regex -- these must not be there
    expect(stderr + stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
    const { rows, warnings } = partOf(out);
    expect(Object.entries(rows[0]?.readings ?? {})).toEqual(
      expect.arrayContaining([
        ["__proto__", { value: 9, low: 9, high: 9 }],
        ["constructor", { value: 1, low: 1, high: 1 }],
        ["toString", { value: 2, low: 2, high: 2 }],
      ]),
    );
    expect(warnings).toContainEqual({
      name: "output-refused",
      message: "hostile n=1: a line of JSON is nested deeper than 200 levels (1 left out).",
    });
    expect((await bytesper(["report", out])).code).toBe(0);
  });
});

describe("--supervise", () => {
  test.each([
    ["an uncaught exception", "setImmediate(() => { throw new Error('gone'); });"],
    ["a kill before the first record", "process.kill(process.pid, 'SIGKILL');"],
  ])("starts the runner again after %s", async (_, ending) => {
    await inFolder(async (folder) => {
      const grid = new Grid(folder, { x: 1, y: 1 });
      const hook = join(folder, "hook.mjs");
      const once = join(folder, "once");
      writeFileSync(
        hook,
        `import { existsSync, writeFileSync } from "node:fs";
         if (process.connected && !existsSync(${JSON.stringify(once)})) {
           writeFileSync(${JSON.stringify(once)}, "");
           ${ending}
         }`,
      );
      const out = join(folder, "out");
      const { code, stderr } = await bytesper(["run", grid.file, "--out", out, "--supervise"], {
        env: { NODE_OPTIONS: `--import=${hook}` },
      });
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/The runner died \(.*\); a new one/);
      expect(recordsOf(out).filter(({ type }) => type === "finished")).toHaveLength(1);
    });
  });
});

test("a supervised runner whose output nobody reads any more goes on to its end", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder, { x: 1, y: 1 });
    const out = join(folder, "out");
    const script = '"$0" "$1" run "$2" --out "$3" --supervise 2>&1 | true; exit ${PIPESTATUS[0]}';
    const child = spawn("bash", ["-c", script, process.execPath, MAIN, grid.file, out], { stdio: "ignore" });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(recordsOf(out).filter(({ type }) => type === "runner")).toHaveLength(1);
  });
});

test("a limit that timers cannot take ends no cell at once, and a cap that misses files in memory is said to", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "out");
    const file = gridOf(folder, 'echo "{\\"v\\":$1}"; sleep 0.2', {
      caps: { memory: "256 MiB", time: "596.52 h" },
    });
    const { code, stderr } = await bytesper(["run", file, "--enforcement", "watchdog", "--out", out]);
    expect(code, stderr).toBe(0);
    const path = join(out, "hostile/result.json");
    const { rows, warnings } = parseResult(readFileSync(path, "utf8"), path);
    expect(rows).toEqual([
      expect.objectContaining({ outcome: "ok", enforcement: "watchdog" }),
      expect.objectContaining({ outcome: "ok", enforcement: "watchdog" }),
    ]);
    expect(warnings.map(({ name }) => name)).toContain("cap-not-of-all-memory");
  });
});

test.each([
  ["a full stdout", '"$0" "$1" --version >/dev/full', 3, /^The output could not be written: ENOSPC/],
  ["a full stderr", '"$0" "$1" nonsense 2>/dev/full', 2, /^$/],
  ["a reader that leaves at once", '"$0" "$1" nonsense 2>&1 | true; exit ${PIPESTATUS[0]}', 2, /^$/],
  [
    "a deleted working directory",
    'd=$(mktemp -d); cd $d; rmdir $d; "$0" "$1" devices',
    2,
    /^The working directory does not exist any more;/,
  ],
])("%s is no crash", (_, script, code, said) => {
  const { status, stderr } = spawnSync("bash", ["-c", script, process.execPath, MAIN], { encoding: "utf8" });
  expect([status, stderr]).toEqual([code, expect.stringMatching(said)]);
});
