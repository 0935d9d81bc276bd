/**
 * Faults that are put into the sources on purpose, one at a time, to show that the fuzz suite finds each of them:
 * `node test/fuzz/planted.mjs`. vitest.long.config.ts puts the one in that BYTESPER_PLANTED names.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** @type {{ file: string, from: string, to: string, target: string }[]} */
export const FAULTS = [
  {
    file: "src/runner/cell/command.ts",
    from: 'if (typeof value === "number") return Number.isFinite(value);',
    to: 'if (typeof value === "number") return true;',
    target: "output of cells",
  },
  {
    file: "src/runner/cell/command.ts",
    from: "readings[name] = value;",
    to: "readings[name] ??= value;",
    target: "output of cells",
  },
  {
    file: "src/runner/cell/command.ts",
    from: "if (isUtf8(line)) return object;",
    to: "return object;",
    target: "output of cells",
  },
  {
    file: "src/runner/journal/line.ts",
    from: "if (sumOf(body) !== sum[1])",
    to: "if (sumOf(body) === undefined)",
    target: "damaged journals",
  },
  {
    file: "src/runner/journal/read.ts",
    from: "if (seq !== this.#count) throw",
    to: "if (seq === undefined) throw",
    target: "damaged journals",
  },
  {
    file: "src/runner/journal/read.ts",
    from: "this.#refuse(recordProblem(record));",
    to: "",
    target: "edited journals",
  },
  {
    file: "src/report/main-table.ts",
    from: 'if (value === undefined) return { absent: "the row has no such level" };',
    to: "",
    target: "results",
  },
  {
    file: "src/model/estimate.ts",
    from: "atPeak: prefill.at(term.phase)",
    to: "atPeak: true",
    target: "configs of models",
  },
  {
    file: "src/writelog/analysis/analyse.ts",
    from: "blankLines: reader.blankLines,",
    to: "blankLines: 0,",
    target: "CSV logs",
  },
  {
    file: "src/corpus/file.ts",
    from: "roles.push(ROLES.indexOf(role));",
    to: "roles.push(0);",
    target: "transcripts",
  },
  {
    file: "src/report/paper/paper.ts",
    from: "end = marker.end;",
    to: "end = marker.start;",
    target: "markers of papers",
  },
  {
    file: "src/cli/options.ts",
    from: "throw new InvalidArgumentError(",
    to: "throw new TypeError(",
    target: "command lines",
  },
];

/** The plugin of vite that puts in the fault of this number, counted from 1; none without a number. */
export function plantedFault(number) {
  const fault = number === undefined ? undefined : FAULTS[Number(number) - 1];
  return {
    name: "planted-fault",
    enforce: "pre",
    transform: (code, id) =>
      fault !== undefined && id.endsWith(fault.file) ? code.replace(fault.from, fault.to) : undefined,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missed = FAULTS.filter(({ file, from, to, target }, index) => {
    if (!readFileSync(`${ROOT}${file}`, "utf8").includes(from))
      throw new Error(`${file} has no "${from}" any more`);
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        "node_modules/vitest/vitest.mjs",
        "run",
        "--config",
        "vitest.long.config.ts",
        "test/fuzz/fuzz.long.test.ts",
      ],
      {
        cwd: ROOT,
        encoding: "utf8",
        env: {
          ...process.env,
          BYTESPER_PLANTED: String(index + 1),
          BYTESPER_FUZZ_TARGET: target,
          BYTESPER_FUZZ_CASES: "10000",
        },
      },
    );
    const found = status === 1 && stdout.includes("Property failed after");
    console.log(`${found ? "found " : "MISSED"} ${target}: ${file}: ${from} -> ${to || "nothing"}`);
    return !found;
  });
  console.log(`${FAULTS.length - missed.length} of ${FAULTS.length} faults were found`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}
