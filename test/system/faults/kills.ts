import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { stateOf } from "../../../src/runner/engine/state.js";
import { readJournal } from "../../../src/runner/journal/read.js";
import { seededRandom } from "../../../src/base/stats/random.js";
import { inFolder } from "../cli.js";
import { Grid, recordsOf, startedAgain, tablesOf } from "./grid.js";
import { expectNoneLeft, Runner } from "./runner.js";

const CELLS = { x: 10, y: 6 };

/**
 * Kills the runner of a grid of 60 cells at random moments, again and again, until its grid comes to its end; then
 * takes the next grid, until there were so many kills. Each grid must come to the tables of an undisturbed run.
 */
export async function killAtRandomMoments(kills: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  await inFolder(async (folder) => {
    const mark = `BYTESPER_TEST_CELL=${process.pid}-${seed}`;
    const [name = "", value] = mark.split("=");
    const grid = new Grid(join(folder, "grid"), {
      ...CELLS,
      seconds: 0.05,
      clings: true,
      more: { env: { [name]: value } },
    });
    const begin = performance.now();
    const whole = new Runner(["run", grid.file, "--out", join(folder, "whole")]);
    expect((await whole.ended).code, whole.stderr).toBe(0);
    let wholeMs = performance.now() - begin;
    const tables = tablesOf(join(folder, "whole"));
    expect(grid.takeStarts().size).toBe(60);

    for (let killed = 0, round = 0; killed < kills; round++) {
      const out = join(folder, `round-${round}`);
      for (let isFirst = true; ; isFirst = false) {
        const start = performance.now();
        const runner = new Runner(hasBegun(out) ? ["resume", out] : ["run", grid.file, "--out", out]);
        const isKilled = await runner.killedAfter(killed < kills ? random() * wholeMs : 2 ** 30);
        if (!isKilled) {
          expect((await runner.ended).code, runner.stderr).toBe(0);
          // A busy machine has become quicker: later moments would all be after the end.
          if (isFirst) wholeMs = Math.min(wholeMs, performance.now() - start);
          break;
        }
        killed++;
        await expectNoneLeft(mark);
      }
      expect(tablesOf(out), `round ${round} of seed ${seed}`).toBe(tables);
      const records = recordsOf(out);
      expect(startedAgain(records)).toEqual([]);
      expectStartsNoted(grid.takeStarts(), records);
      expect(leftovers(out)).toEqual([]);
    }
  });
}

/** Whether there is a run to go on with: its first record is on disk. */
function hasBegun(out: string): boolean {
  const journal = join(out, "journal.jsonl");
  return existsSync(journal) && stateOf(readJournal(journal).records) !== undefined;
}

/** No cell ran that the journal does not know of: a start is on disk before the process is there. */
function expectStartsNoted(starts: ReadonlyMap<string, number>, records: ReturnType<typeof recordsOf>): void {
  const cells = new Map(
    records.flatMap((record) =>
      record.type === "planned" ? [[record.cell, `x=${record.factors.x} y=${record.factors.y}`]] : [],
    ),
  );
  const noted = new Map<string, number>();
  for (const record of records) {
    if (record.type !== "started") continue;
    const cell = cells.get(record.cell) ?? "";
    noted.set(cell, (noted.get(cell) ?? 0) + 1);
  }
  expect([...starts.keys()].sort()).toEqual([...cells.values()].sort());
  for (const [cell, count] of starts) expect(count, cell).toBeLessThanOrEqual(noted.get(cell) ?? 0);
}

/** Files that kills left behind and that nobody takes away. */
function leftovers(out: string): string[] {
  return (readdirSync(out, { recursive: true }) as string[]).filter((name) => /\.tmp$|\.cells/.test(name));
}
