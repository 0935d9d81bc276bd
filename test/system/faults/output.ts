import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { inFolder } from "../cli.js";
import { recordsOf, resultOf } from "./grid.js";
import { run } from "./runner.js";

const MIB = 2 ** 20;
/** Far above what a runner needs, and far below what the cells print. */
const MOST_RUNNER_MIB = 400;

/** Prints so many bytes in pieces of a mebibyte, as fast as they are taken. */
const PRINTER = `
const [, , kind, bytes] = process.argv;
const json = (size) => JSON.stringify({ text: "x".repeat(size - 12) }) + "\\n";
const PIECES = {
  "no newline": "x".repeat(${MIB}),
  "lines of text": ("x".repeat(99) + "\\n").repeat(${MIB} / 100),
  "long lines of JSON": json(${MIB} / 8).repeat(8),
  "short lines of JSON": '{"n":1}\\n'.repeat(${MIB} / 8),
};
const piece = Buffer.from(PIECES[kind]);
let left = Number(bytes);
const more = () => {
  while (left > 0) {
    left -= piece.length;
    if (!process.stdout.write(piece)) return void process.stdout.once("drain", more);
  }
  process.stdout.write('\\n{"answer": 42}\\n');
};
more();
`;

/** The runner is the parent of the supervisor, which is the parent of the cell. */
const WATCHER = `runner=$(sed -n 's/^PPid:\\t//p' /proc/$PPID/status)
sed -n 's/^VmHWM:\\t *\\([0-9]*\\) kB$/{"answer": 42, "runnerKiB": \\1}/p' /proc/$runner/status`;

export type Kind = "no newline" | "lines of text" | "long lines of JSON" | "short lines of JSON";

/** Runs a cell that prints this much, then one that reads the runner's high-water mark. */
export async function expectBounded(kind: Kind, bytes: number): Promise<void> {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "print.mjs"), PRINTER);
    const scripts = { "1": 'exec "$NODE" print.mjs "$KIND" "$BYTES"', "2": WATCHER };
    for (const [name, script] of Object.entries(scripts))
      writeFileSync(join(folder, `${name}.sh`), `${script}\n`);
    const experiment = {
      name: "grid",
      unit: "cell",
      factors: { step: [1, 2] },
      requires: ["answer"],
      env: { NODE: process.execPath, KIND: kind, BYTES: String(bytes) },
      command: ["sh", "{step}.sh"],
    };
    const file = join(folder, "grid.experiment.mjs");
    writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
    const out = join(folder, "out");
    const { code, stderr } = await run(["run", file, "--out", out, "--slots", "1", "--disk-reserve", "1B"]);
    expect(code, stderr).toBe(0);
    const [printed, watched] = resultOf(out).rows;
    expect(printed).toMatchObject({ outcome: "ok", readings: { answer: { value: 42 } } });
    const runnerKib = (watched?.readings.runnerKiB as { value: number }).value;
    expect(runnerKib / 1024).toBeLessThan(MOST_RUNNER_MIB);
    const [end] = recordsOf(out).flatMap((record) => (record.type === "finished" ? [record.end.data] : []));
    expect((end as { outputBytes: number }).outputBytes).toBeGreaterThan(bytes);
  });
}
