import { join } from "node:path";
import type { CellEnd } from "../../../src/record/cell-end.js";
import type { CellEvents, CellJob } from "../../../src/runner/cell/execute.js";
import { TurnFile } from "../../../src/runner/cell/turns.js";
import type { Executor } from "../../../src/runner/executor/executor.js";

export const MIB = 2 ** 20;

let jobs = 0;

/** A cell that is a program of Node, given as its text. */
export function scriptJob(
  folder: string,
  script: string,
  options: Partial<CellJob> = {},
  ...args: string[]
): CellJob {
  const id = `cell-0-${++jobs}`;
  return {
    id,
    work: {
      kind: "command",
      command: { argv: [process.execPath, "-e", script, ...args], cwd: folder, env: {}, required: [] },
    },
    compilers: "off",
    timeoutMs: 60_000,
    turnsFile: join(folder, `${id}.jsonl`),
    sampleMs: 200,
    ...options,
  };
}

/** Runs jobs to their ends, and takes what they streamed from wherever the executor brings it. */
export async function runJobs(
  executor: Executor,
  wanted: readonly CellJob[],
  onTurn: (record: unknown) => void = () => undefined,
): Promise<CellEnd[]> {
  const files = wanted.map(({ turnsFile }) => new TurnFile(turnsFile ?? ""));
  const look = (): void => {
    for (const file of files) for (const record of file.read()) onTurn(record);
  };
  const events: CellEvents = { onTurn };
  const timer = setInterval(look, 50);
  try {
    const running = await executor.submit(wanted, () => events);
    const ends = await Promise.all(running.map(({ end }) => end));
    look();
    return ends;
  } finally {
    clearInterval(timer);
  }
}

export async function runJob(
  executor: Executor,
  job: CellJob,
  onTurn?: (record: unknown) => void,
): Promise<CellEnd> {
  const [end] = await runJobs(executor, [job], onTurn);
  if (end === undefined) throw new Error("the executor answered without an end");
  return end;
}
