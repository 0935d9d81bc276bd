import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inFolder } from "../cli.js";
import type { GridOptions } from "./grid.js";
import { Grid, recordsOf, startedAgain, tablesOf } from "./grid.js";
import { run } from "./runner.js";

interface Whole {
  grid: Grid;
  journal: Buffer;
  tables: string;
  runId: string;
}

/** An undisturbed run, one cell at a time, so that a cut journal is one that a runner could have left. */
async function undisturbed(
  folder: string,
  options: GridOptions = { x: 2, y: 1, repetitions: 2 },
): Promise<Whole> {
  const grid = new Grid(folder, options);
  const out = join(folder, "whole");
  const { code, stderr } = await run(["run", grid.file, "--out", out, "--slots", "1"]);
  expect(code, stderr).toBe(0);
  grid.takeStarts();
  const [first] = recordsOf(out);
  if (first?.type !== "run") throw new Error("a journal begins with its run");
  return {
    grid,
    journal: readFileSync(join(out, "journal.jsonl")),
    tables: tablesOf(out),
    runId: first.runId,
  };
}

/** A results folder that holds this journal and nothing else: what a runner left when it was killed. */
function folderWith(out: string, runId: string, journal: Buffer): string {
  mkdirSync(join(out, "runs"), { recursive: true });
  writeFileSync(join(out, "runs", `${runId}.jsonl`), journal);
  symlinkSync(`runs/${runId}.jsonl`, join(out, "journal.jsonl"));
  return out;
}

/** Offsets of the ends of the records. */
function ends(journal: Buffer): number[] {
  return [...journal.entries()].flatMap(([offset, byte]) => (byte === 10 ? [offset + 1] : []));
}

test("from every record of a run, a resume comes to the same tables and runs no finished cell again", async () => {
  await inFolder(async (folder) => {
    const { grid, journal, tables, runId } = await undisturbed(folder);
    const cuts = ends(journal);
    expect(cuts.length).toBeGreaterThan(15);
    for (const [index, cut] of cuts.entries()) {
      const out = folderWith(join(folder, `cut-${index}`), runId, journal.subarray(0, cut));
      const finished = recordsOf(out).filter(({ type }) => type === "finished").length;
      const { code, stderr } = await run(["resume", out]);
      expect(code, `from record ${index}: ${stderr}`).toBe(0);
      expect(tablesOf(out), `from record ${index}`).toBe(tables);
      expect(startedAgain(recordsOf(out))).toEqual([]);
      const starts = [...grid.takeStarts().values()].reduce((sum, count) => sum + count, 0);
      expect(starts, `from record ${index}`).toBe(4 - finished);
    }
  });
});

test("from every record of a frontier search, a resume finds the same frontier with the same cells", async () => {
  await inFolder(async (folder) => {
    // Says that memory ran out, as a program does that was refused it.
    const limited = `echo "x={x} y=1" >> starts; if [ {x} -gt 5 ]; then echo MemoryError >&2; exit 1; fi; echo '{"product": {x}, "sum": 1}'`;
    const factors = { x: Array.from({ length: 9 }, (_, index) => index + 1) };
    const more = { factors, frontier: "x", command: ["sh", "-c", limited] };
    const { grid, journal, tables, runId } = await undisturbed(folder, { repetitions: 2, more });
    expect(tables).toMatch(/"fits": 5,\n\s*"failsAt": 6,/);
    const cells = recordsOf(join(folder, "whole")).filter(({ type }) => type === "finished").length;
    for (const [index, cut] of ends(journal).entries()) {
      const out = folderWith(join(folder, `cut-${index}`), runId, journal.subarray(0, cut));
      const finished = recordsOf(out).filter(({ type }) => type === "finished").length;
      // Before the first cell all cuts are alike.
      if (finished === 0) continue;
      const { code, stderr } = await run(["resume", out]);
      expect(code, `from record ${index}: ${stderr}`).toBe(0);
      expect(tablesOf(out), `from record ${index}`).toBe(tables);
      const starts = [...grid.takeStarts().values()].reduce((sum, count) => sum + count, 0);
      expect(starts, `from record ${index}`).toBe(cells - finished);
    }
  });
});

test("from the middle of a record, the same, and what was cut off is kept beside the journal", async () => {
  await inFolder(async (folder) => {
    const { journal, tables, runId } = await undisturbed(folder);
    const cuts = ends(journal);
    for (const index of [0, 5, cuts.length - 2]) {
      const [begin = 0, end = 0] = cuts.slice(index);
      const cut = Math.floor((begin + end) / 2);
      const out = folderWith(join(folder, `torn-${index}`), runId, journal.subarray(0, cut));
      const { code, stderr } = await run(["resume", out]);
      expect(code, stderr).toBe(0);
      const kept = join(out, "runs", `${runId}.jsonl.torn.1`);
      expect(stderr).toContain(`The end of the journal was torn; what was cut off is kept in ${kept}.`);
      expect(readFileSync(kept).equals(journal.subarray(begin, cut))).toBe(true);
      expect(tablesOf(out)).toBe(tables);
      expect(startedAgain(recordsOf(out))).toEqual([]);
    }
  });
});

test("a journal without a complete record is no run, and it is left as it is", async () => {
  await inFolder(async (folder) => {
    const { journal, runId } = await undisturbed(folder);
    for (const [index, cut] of [0, 10].entries()) {
      const out = folderWith(join(folder, `empty-${index}`), runId, journal.subarray(0, cut));
      for (const command of ["resume", "retry", "status", "report"]) {
        const { code, stderr } = await run([command, out]);
        expect(stderr).toMatch(/holds no complete record; nothing was started, run it anew\.\n$/);
        expect(code).toBe(2);
      }
      expect(readFileSync(join(out, "journal.jsonl"))).toHaveLength(cut);
    }
  });
});

test("a flipped bit before the end is refused by every command, with the line, and nothing is changed", async () => {
  await inFolder(async (folder) => {
    const { journal, runId } = await undisturbed(folder);
    const [, second = 0] = ends(journal);
    const damaged = Buffer.from(journal);
    damaged[second + 40] = (damaged[second + 40] ?? 0) ^ 4;
    const out = folderWith(join(folder, "damaged"), runId, damaged);
    for (const command of ["resume", "retry", "status", "report"]) {
      const { code, stderr } = await run([command, out]);
      expect(stderr).toBe(
        `${join(out, "runs", `${runId}.jsonl`)} is damaged in line 3 (wrong checksum), before its end; restore the file from a copy, or start a new run.\n`,
      );
      expect(code).toBe(2);
    }
    expect(readFileSync(join(out, "journal.jsonl")).equals(damaged)).toBe(true);
    expect(readdirSync(join(out, "runs"))).toEqual([`${runId}.jsonl`]);
  });
});

test("the journal of a newer version is refused by every command", async () => {
  await inFolder(async (folder) => {
    const { journal, runId } = await undisturbed(folder);
    const [first = 0] = ends(journal);
    const { encodeLine } = await import("../../../src/runner/journal/line.js");
    const newer = encodeLine({ v: 2, seq: 1, at: "2030-01-01T00:00:00.000Z", type: "unheard-of" });
    const out = folderWith(join(folder, "newer"), runId, Buffer.concat([journal.subarray(0, first), newer]));
    for (const command of ["resume", "retry", "status", "report"]) {
      const { code, stderr } = await run([command, out]);
      expect(stderr).toMatch(/line 2 has version 2 and .* reads up to 1; use a newer bytesper\.\n$/);
      expect(code).toBe(2);
    }
  });
});

test("a journal that was copied to another folder is enough to go on there", async () => {
  await inFolder(async (folder) => {
    const { journal, tables, runId } = await undisturbed(folder);
    const cut = ends(journal).at(-2);
    const out = folderWith(join(folder, "first"), runId, journal.subarray(0, cut));
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(join(elsewhere, "runs"), { recursive: true });
    const path = join(elsewhere, "runs", `${runId}.jsonl`);
    copyFileSync(join(out, "runs", `${runId}.jsonl`), path);
    expect((await run(["resume", path])).code).toBe(0);
    expect(tablesOf(elsewhere)).toBe(tables);
    expect(existsSync(join(out, "grid"))).toBe(false);
  });
});
