import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inFolder } from "../cli.js";
import { recordsOf, resultOf } from "./grid.js";
import { run, Runner } from "./runner.js";

/** Streams a record for each of its first instances. */
const SUBJECT = `
let sent = 0;
const still = new Int32Array(new SharedArrayBuffer(4));
export function create(index, context) {
  if (sent < 300) {
    context.emit({ sent: ++sent });
    Atomics.wait(still, 0, 0, 3);
  }
  return { index };
}
`;

/** Records of the run that a cell streamed, by cell and attempt. */
function turnsOf(out: string): Map<string, unknown[]> {
  const turns = new Map<string, unknown[]>();
  for (const record of recordsOf(out)) {
    if (record.type !== "turn") continue;
    const key = `${record.cell}-${record.trial}-${record.attempt}.jsonl`;
    turns.set(key, [...(turns.get(key) ?? []), record.record]);
  }
  return turns;
}

test("what a cell had streamed when its runner was killed is in the journal after the resume, once and in order", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "subject.mjs"), SUBJECT);
    const file = join(folder, "grid.experiment.mjs");
    const experiment = { name: "grid", unit: "x", factors: {}, instances: 40, subject: "./subject.mjs" };
    writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
    const out = join(folder, "out");
    const runner = new Runner(["run", file, "--out", out, "--trials", "1", "--slots", "2"]);
    const streams = (): Map<string, string[]> => {
      const runs = join(out, "runs");
      const cells = existsSync(runs) ? readdirSync(runs).find((name) => name.endsWith(".cells")) : undefined;
      if (cells === undefined) return new Map();
      const names = readdirSync(join(runs, cells));
      return new Map(
        names.map((name) => [
          name,
          readFileSync(join(runs, cells, name), "utf8")
            .split("\n")
            .slice(0, -1),
        ]),
      );
    };
    // Some of them are in the journal by then, and others only in the cell's own file.
    const isUnderWay = (): boolean => {
      const known = existsSync(join(out, "journal.jsonl")) ? turnsOf(out) : new Map<string, unknown[]>();
      return [...streams()].some(([name, lines]) => lines.length > (known.get(name)?.length ?? Infinity));
    };
    await expect.poll(isUnderWay, { timeout: 30_000, interval: 5 }).toBe(true);
    runner.child.kill("SIGKILL");
    await runner.ended;
    const left = streams();
    expect(left.size).toBeGreaterThan(0);

    const resumed = await run(["resume", out]);
    expect(resumed.code, resumed.stderr).toBe(0);
    const turns = turnsOf(out);
    for (const [name, lines] of left) {
      // The last cells died some moments after their runner, and may have streamed until then.
      const kept = turns.get(name) ?? [];
      expect(kept.length, name).toBeGreaterThanOrEqual(lines.length);
      expect(kept).toEqual(kept.map((_, index) => ({ sent: index + 1 })));
    }
    expect(streams().size).toBe(0);
    expect(resultOf(out).complete).toBe(true);
  });
});
