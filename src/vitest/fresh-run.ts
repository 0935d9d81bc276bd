import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../system/temporary.js";
import type { ErrorCode } from "../base/errors.js";
import { BytesperError } from "../base/errors.js";
import { absent } from "../system/probe/reading.js";
import type { CellEnd } from "../record/cell-end.js";
import type { LaunchEnd } from "../runner/cell/launch.js";
import { launch } from "../runner/cell/launch.js";
import { parseSnapshot } from "../runner/cell/parse-snapshot.js";
import { TurnFile } from "../runner/cell/turns.js";
import type { CellWork } from "../runner/cell/work.js";
import type { CellMessage } from "../record/cell.js";
import type { CurrentTest } from "./current-test.js";
import { compareSnapshots } from "./leak/compare.js";
import type { LeakWork } from "./leak/snapshots.js";
import type { Order, RoundsWork, Thrown } from "./order.js";
import { runnerCommand } from "./runner-command.js";

export interface FreshRunOptions {
  /** Source text of the value that the test passed to `expect`. */
  source: string;
  /** Whether every instance gets a new index. */
  anew: boolean;
  timeoutMs: number;
  signal: AbortSignal;
  /** Called with the error that the factory threw. */
  onThrown: (thrown: Thrown) => void;
}

/** Runs the test again in a new process up to the matcher, which does `work` there. Never rejects. */
export async function freshRun(
  test: CurrentTest,
  work: CellWork | LeakWork | RoundsWork,
  options: FreshRunOptions,
): Promise<CellEnd> {
  if (work.kind === "command" || work.kind === "fits")
    return ended({ outcome: "crash", cause: `${work.kind}: no work for a test runner` });
  const folder = temporaryFolder("vitest");
  try {
    const end = await runOrder(test, inFolder(work, folder), folder, options);
    if (end.outcome !== "ok") return end;
    if (work.kind === "leak") return { ...end, data: await compareSnapshots(folder, work.instances) };
    if (work.kind !== "snapshot") return end;
    const path = join(folder, SNAPSHOT);
    return { ...end, data: { cell: end.data, summary: await parseSnapshot(path) } };
  } catch (error) {
    const code = error instanceof BytesperError ? error.code : undefined;
    const cause = error instanceof Error ? error.message : String(error);
    return ended({ outcome: "crash", cause, ...(code === undefined ? {} : { code }) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const SNAPSHOT = "population.heapsnapshot";

function inFolder(work: Order["work"], folder: string): Order["work"] {
  if (work.kind === "leak") return { ...work, folder };
  if (work.kind !== "snapshot") return work;
  return { kind: "snapshot", snapshot: { ...work.snapshot, path: join(folder, SNAPSHOT) } };
}

async function runOrder(
  test: CurrentTest,
  work: Order["work"],
  folder: string,
  { source, anew, timeoutMs, signal, onThrown }: FreshRunOptions,
): Promise<CellEnd> {
  const orderFile = join(folder, "order.json");
  const reportFile = join(folder, "report.json");
  const answerFile = join(folder, "answer.jsonl");
  const { flags, ...command } = runnerCommand(test, orderFile, reportFile);
  const order: Order = { test: test.id, call: test.call, source, anew, work, answerFile, flags };
  writeFileSync(orderFile, JSON.stringify(order));
  const launched = launch({
    ...command,
    stdin: "",
    timeoutMs,
    graceMs: 0,
    supervisorArguments: [],
    wrap: (words) => words,
  });
  const interrupt = (): void => {
    launched.kill();
  };
  if (signal.aborted) interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  const end = await launched.ended;
  signal.removeEventListener("abort", interrupt);

  const records = new TurnFile(answerFile).read() as CellMessage[];
  const answer = records.find(({ type }) => type === "answer") as { data: unknown } | undefined;
  if (answer !== undefined) return ended({ outcome: "ok", data: answer.data, records }, end);
  if (signal.aborted) return ended({ outcome: "interrupted", cause: "interrupted" }, end);
  const error = records.find(({ type }) => type === "error") as Failure | undefined;
  if (error !== undefined) {
    if (error.thrown !== undefined) onThrown(error.thrown);
    const code = error.code === undefined ? {} : { code: error.code };
    return ended({ outcome: "crash", cause: error.message, ...code }, end);
  }
  if (end.timedOut) {
    const cause = `did not finish within ${timeoutMs / 1000} s`;
    return ended({ outcome: "timeout", code: "SUBJECT_TIMEOUT", cause }, end);
  }
  return ended({ outcome: "crash", code: "BAD_SUBJECT", cause: whyNoAnswer(test, reportFile, end) }, end);
}

interface Failure {
  code?: ErrorCode;
  message: string;
  thrown?: Thrown;
}

/**
 * Why a run of the test ended before it reached the matcher; includes the test runner's message if there is
 * one.
 */
function whyNoAnswer(test: CurrentTest, reportFile: string, end: LaunchEnd): string {
  const before = `The fresh run of "${test.fullName}" ended before it came to this matcher`;
  const advice = `the test must come to it in a process of its own as well (a start of the runner that only it knows can be told by BYTESPER_VITEST_ARGS, such as "--config FILE")`;
  const said = existsSync(reportFile) ? reported(reportFile) : lastLine(end.output);
  return `${before}${said === undefined ? "" : `: ${said}`}; ${advice}.`;
}

interface Report {
  testResults?: { message?: string; assertionResults?: { status?: string; failureMessages?: string[] }[] }[];
}

function reported(file: string): string | undefined {
  try {
    const { testResults = [] } = JSON.parse(readFileSync(file, "utf8")) as Report;
    const messages = testResults.flatMap(({ message = "", assertionResults = [] }) => [
      ...assertionResults.flatMap(({ failureMessages = [] }) => failureMessages),
      message,
    ]);
    return messages.map((message) => message.trim().split("\n")[0] ?? "").find((line) => line !== "");
  } catch {
    return undefined;
  }
}

function lastLine(output: string): string | undefined {
  return output
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .findLast((line) => line !== "");
}

function ended(
  part: Pick<CellEnd, "outcome"> & Partial<CellEnd>,
  { durationMs }: { durationMs: number } = { durationMs: 0 },
): CellEnd {
  const unknown = absent("a run of a test is not weighed from outside");
  return {
    records: [],
    durationMs,
    memory: { enforcement: "none", peakBytes: unknown, largestProcessPeakBytes: unknown, processes: 0 },
    evidence: {},
    ...part,
  };
}
