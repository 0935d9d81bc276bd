import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { inFolder } from "../cli.js";
import { Grid, recordsOf, startedAgain, tablesOf } from "./grid.js";
import { run, Runner } from "./runner.js";
import { onDisk, whyNoDisk } from "./small-disk.js";

const FULL =
  /cannot be written: the disk or quota is full; free some space or choose another folder with --out\./;

const trial = mkdtempSync(join(tmpdir(), "bytesper-test-"));
const noDisk = whyNoDisk(trial);
rmSync(trial, { recursive: true });
const mounted = describe.skipIf(noDisk !== undefined);
if (noDisk !== undefined) test.skip(`disks of a test's own: ${noDisk}`);

const shared = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(shared, { recursive: true });
});
const grid = new Grid(shared);
const whole = join(shared, "whole");
expect((await run(["run", grid.file, "--out", whole])).code).toBe(0);
const TABLES = tablesOf(whole);
const JOURNAL_BYTES = readFileSync(join(whole, "journal.jsonl")).length;

/** Each cell has its row in what was printed. */
function expectAllPrinted(stdout: string): void {
  for (const product of [10, 20, 30, 40, 50, 60, 80, 100])
    expect(stdout).toMatch(new RegExp(`\\b${product}\\b`));
}

/** What remains of a run that could not write to its end is gone on with, once there is space. */
async function expectResumed(out: string): Promise<void> {
  grid.takeStarts();
  const finished = recordsOf(out).filter(({ type }) => type === "finished").length;
  const { code, stderr } = await run(["resume", out]);
  expect(code, stderr).toBe(0);
  expect(tablesOf(out)).toBe(TABLES);
  expect(startedAgain(recordsOf(out))).toEqual([]);
  expect([...grid.takeStarts().values()].reduce((sum, count) => sum + count, 0)).toBe(10 - finished);
}

describe("a limit on the size of files", () => {
  const limited = (
    bytes: number,
    args: string[],
  ): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    // A shell counts in blocks of 512 bytes.
    run(args, { under: ["sh", "-c", `ulimit -f ${Math.ceil(bytes / 512)} && exec "$0" "$@"`] });

  test.each([0.35, 0.5, 0.65, 0.8, 0.95])(
    "at %d of the journal: every cell is run, its table printed, and the rest is gone on with",
    async (share) => {
      await inFolder(async (folder) => {
        const out = join(folder, "out");
        const { code, stdout, stderr } = await limited(share * JOURNAL_BYTES, [
          "run",
          grid.file,
          "--out",
          out,
        ]);
        expect(stderr).toMatch(FULL);
        expect(code).toBe(3);
        expectAllPrinted(stdout);
        await expectResumed(out);
      });
    },
  );

  test("below the first record: the table is printed, and the journal is known to hold nothing", async () => {
    await inFolder(async (folder) => {
      const out = join(folder, "out");
      const { code, stdout } = await limited(512, ["run", grid.file, "--out", out]);
      expect(code).toBe(3);
      expectAllPrinted(stdout);
      expect((await run(["resume", out])).stderr).toMatch(/holds no complete record; nothing was started/);
    });
  });

  test("met again by a resume: what it measured is printed, and nothing of before is lost", async () => {
    await inFolder(async (folder) => {
      const out = join(folder, "out");
      await limited(0.5 * JOURNAL_BYTES, ["run", grid.file, "--out", out]);
      const before = recordsOf(out).length;
      const { code, stdout } = await limited(0.6 * JOURNAL_BYTES, ["resume", out]);
      expect(code).toBe(3);
      expectAllPrinted(stdout);
      expect(recordsOf(out).length).toBeGreaterThanOrEqual(before);
      await expectResumed(out);
    });
  });
});

mounted("a full disk", () => {
  test.each(["8k", "12k", "16k", "20k", "24k"])(
    "of %s: what could not be written is printed, and the run is gone on with when there is space",
    async (size) => {
      await inFolder(async (folder) => {
        await onDisk(join(folder, "disk"), size, async (disk) => {
          const out = join(disk.folder, "out");
          const runner = new Runner(["run", grid.file, "--out", out, "--disk-reserve", "1B"]);
          // Its last byte may be taken while no write has failed yet: then the run waits for space, and has it.
          const waited = runner.says(/New cells wait/).then(
            () => {
              disk.resize("1m");
              return true;
            },
            () => false,
          );
          const { code } = await runner.ended;
          expect(runner.stderr).not.toMatch(/defect/);
          if (await waited) {
            expect(code, runner.stderr).toBe(0);
            expect(tablesOf(out)).toBe(TABLES);
            return;
          }
          expect(runner.stderr).toMatch(FULL);
          expect(code).toBe(3);
          expectAllPrinted(runner.stdout);
          disk.resize("1m");
          await expectResumed(out);
        });
      });
    },
  );

  test("that has a torn journal is told, and the journal left as it is", async () => {
    await inFolder(async (folder) => {
      await onDisk(join(folder, "disk"), "4m", async (disk) => {
        const out = join(disk.folder, "out");
        await run(["run", grid.file, "--out", out, "--disk-reserve", "1B"]);
        const path = join(out, "runs", readdirSync(join(out, "runs"))[0] ?? "");
        truncateSync(path, JOURNAL_BYTES - 100);
        const torn = readFileSync(path);
        // What is left after this is less than a page.
        expect(() => {
          writeFileSync(join(disk.folder, "filler"), Buffer.alloc(2 ** 22));
        }).toThrow("ENOSPC");
        const { code, stderr } = await run(["resume", out]);
        expect(stderr).toMatch(/torn\.1 cannot be written: the disk or quota is full/);
        expect(code).toBe(3);
        expect(readFileSync(path).equals(torn)).toBe(true);
        expect(readdirSync(join(out, "runs"))).toHaveLength(1);
        rmSync(join(disk.folder, "filler"));
        await expectResumed(out);
      });
    });
  });

  test("below the reserve no cell starts; it is told, and the run goes on when there is space", async () => {
    await inFolder(async (folder) => {
      await onDisk(join(folder, "disk"), "1m", async (disk) => {
        const out = join(disk.folder, "out");
        grid.takeStarts();
        const runner = new Runner(["run", grid.file, "--out", out, "--disk-reserve", "8MiB"]);
        await runner.says(
          /New cells wait: .* of disk are free and 8\.00 MiB are kept in reserve; free some space\./,
        );
        expect(grid.takeStarts().size).toBe(0);
        disk.resize("16m");
        expect((await runner.ended).code, runner.stderr).toBe(0);
        expect(tablesOf(out)).toBe(TABLES);
      });
    });
  });

  test("below the reserve a run can be interrupted, and gone on with", async () => {
    await inFolder(async (folder) => {
      await onDisk(join(folder, "disk"), "1m", async (disk) => {
        const out = join(disk.folder, "out");
        const runner = new Runner(["run", grid.file, "--out", out, "--disk-reserve", "8MiB"]);
        await runner.says(/New cells wait/);
        runner.child.kill("SIGINT");
        expect((await runner.ended).code, runner.stderr).toBe(130);
        disk.resize("16m");
        await expectResumed(out);
      });
    });
  });
});

mounted("a read-only results folder", () => {
  const READ_ONLY =
    /cannot be written: the folder is not writable; change its permissions or choose another with --out\./;

  test("from the start: every cell is run, and its table printed", async () => {
    await inFolder(async (folder) => {
      await onDisk(join(folder, "disk"), "1m", async (disk) => {
        disk.makeReadOnly();
        const { code, stdout, stderr } = await run(["run", grid.file, "--out", join(disk.folder, "out")]);
        expect(stderr).toMatch(READ_ONLY);
        expect(code).toBe(3);
        expectAllPrinted(stdout);
        expect(readdirSync(disk.folder)).toEqual([]);
      });
    });
  });

  test("after a kill: status and a report elsewhere are there, a resume is refused, and nothing is lost", async () => {
    await inFolder(async (folder) => {
      await onDisk(join(folder, "disk"), "8m", async (disk) => {
        const out = join(disk.folder, "out");
        const slow = new Grid(join(folder, "slow"), { seconds: 0.3 });
        const runner = new Runner(["run", slow.file, "--out", out, "--slots", "2", "--disk-reserve", "1B"]);
        await expect.poll(() => existsSync(join(slow.folder, "starts")), { timeout: 20_000 }).toBe(true);
        await expect
          .poll(() => recordsOf(out).filter(({ type }) => type === "finished").length, { timeout: 20_000 })
          .toBeGreaterThan(2);
        runner.child.kill("SIGKILL");
        await runner.ended;
        disk.makeReadOnly();
        const status = await run(["status", out]);
        expect(status.stdout).toMatch(/^Run stopped: \d+ of 10 cells ended/m);
        const elsewhere = join(folder, "elsewhere");
        expect((await run(["report", out, "--out", elsewhere])).code).toBe(0);
        expect(existsSync(join(elsewhere, "grid/partial.json"))).toBe(true);
        const refused = await run(["resume", out]);
        expect(refused.stderr).toMatch(READ_ONLY);
        expect(refused.code).toBe(3);
      });
    });
  });
});
