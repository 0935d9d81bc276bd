import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../system/temporary.js";
import { BytesperError } from "../../base/errors.js";
import { openSubject } from "../../experiment/load.js";
import type { SubjectReference } from "../../experiment/subject.js";
import type { Compilers } from "../../record/cell.js";
import { measuringEnvironment, measuringFlags } from "../../runner/cell/flags.js";
import { askChild } from "../ask-child.js";
import { inspectSnapshots } from "../snapshot/index.js";
import type { GrowthAnswer } from "./answer.js";
import { answerOf } from "./answer.js";
import type { RoundsData, RoundsOrder } from "./rounds.js";

export interface GrowthOptions {
  trials: number;
  budgetMs: number;
  timeoutMs: number;
  compilers: Compilers;
  /** Calls of the first round; chosen by time if absent. */
  calls?: number;
  imports: readonly string[];
  signal: AbortSignal;
  progress: (finished: number, total: number, label: string) => void;
}

/** Bytes that each call of a function leaves behind. Throws what is wrong with the function. */
export async function measureGrowth(text: string, options: GrowthOptions): Promise<GrowthAnswer> {
  const subject = await openSubject(text, undefined, undefined, options.imports);
  try {
    const { reference } = subject;
    const trials: RoundsData[] = [];
    for (let trial = 0; trial < options.trials; trial++) {
      trials.push(await runChild(orderOf(reference, options), options));
      options.progress(trial + 1, options.trials + 1, "calls");
    }
    const answer = answerOf(text, trials);
    for (const message of subject.doubts) answer.doubts.push({ name: "compiled-otherwise", message });
    if (answer.verdict === "grows" && answer.retainedVerdict === "grows")
      Object.assign(answer, await holderOf(reference, options, trials[0] as RoundsData));
    options.progress(options.trials + 1, options.trials + 1, "done");
    return answer;
  } finally {
    subject.dispose();
  }
}

function orderOf(subject: SubjectReference, { budgetMs, calls }: GrowthOptions): RoundsOrder {
  return { subject, budgetMs, ...(calls === undefined ? {} : { calls }) };
}

const MOST_BETWEEN = 500;

/** Two snapshots of a process of its own, with calls between them: what is new, and who holds it. */
async function holderOf(
  subject: SubjectReference,
  options: GrowthOptions,
  { watched }: RoundsData,
): Promise<Pick<GrowthAnswer, "path" | "class" | "holders">> {
  const folder = temporaryFolder("growth");
  try {
    const calls = Math.max(4, Math.min(MOST_BETWEEN, watched.calls));
    await runChild({ subject, budgetMs: options.budgetMs, calls, snapshots: folder }, options);
    const files = ["1", "2"].map((part) => join(folder, `${part}.heapsnapshot`));
    const { growthHolders = [] } = inspectSnapshots(files).answer;
    const ofUser = growthHolders.filter(({ own }) => !own);
    const shown = ofUser.length > 0 ? ofUser : growthHolders;
    const [top] = shown;
    return {
      ...(top === undefined ? {} : { path: wayOf(top), class: top.name }),
      holders: shown.slice(0, 5).map((holder) => ({
        name: holder.name,
        count: holder.count,
        bytesPerCall: holder.bytes / (2 * calls),
        path: wayOf(holder),
      })),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With the user's function where Node itself holds the object, such as a timer. */
function wayOf({ path, through }: { path: string; through?: string }): string {
  return through === undefined || path.includes(through) ? path : `${path}, through ${through}`;
}

const ENTRY = fileURLToPath(new URL("./entry.js", import.meta.url));

async function runChild(order: RoundsOrder, options: GrowthOptions): Promise<RoundsData> {
  const { compilers, imports, timeoutMs, signal } = options;
  const { name } = order.subject;
  const { answer, lastWords, end } = await askChild({
    args: [...measuringFlags(compilers), ...imports.flatMap((module) => ["--import", module]), ENTRY],
    env: measuringEnvironment(),
    order,
    timeoutMs,
    late: `${name} was not done after ${timeoutMs / 1000} s; give --calls with fewer calls a round, or a longer --timeout.`,
    signal,
  });
  const { data, code, message } = (answer ?? {}) as {
    data?: RoundsData;
    code?: BytesperError["code"];
    message?: string;
  };
  if (data !== undefined) return data;
  if (code !== undefined && message !== undefined)
    throw new BytesperError(code, message.endsWith(".") ? message : `${message}.`);
  const last = lastWords.trim().split("\n").at(-1) ?? "";
  throw new BytesperError(
    "CELL_FAILED",
    lastWords.includes("JavaScript heap out of memory")
      ? `The calls of ${name} filled the heap; it grows, or give --calls with fewer calls a round.`
      : `The process that called ${name} ended (${end}) without an answer${last === "" ? "" : `: ${last}`}.`,
  );
}
