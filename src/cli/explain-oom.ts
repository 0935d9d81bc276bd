import { basename } from "node:path";
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import { outputWidth } from "../base/output-width.js";
import type { Card } from "../model/index.js";
import type { GivenModel } from "../oom/index.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer, printMessage } from "./print.js";

interface Flags extends AnswerFlags {
  model?: string;
  gpu?: string;
  follow?: boolean;
}

export function addExplainOom(program: Command): void {
  program
    .command("explain-oom")
    .description("why it ran out of memory, and what to try first")
    .argument("[log]", "a log, plain or gzip; - or nothing for standard input")
    .argument("[snapshot]", "a memory snapshot of PyTorch, beside the log or in its place")
    .option(
      "--model <name>",
      "a known model (Qwen2.5-3B) or its config.json, to name the tensors that have the size",
    )
    .option("--gpu <name>", "the card, such as T4 or H100, where the log does not say how large it is")
    .option("--verbose", "print each report with its figures, their ranges, all hypotheses and all changes")
    .option("--follow", "stay on a growing log and speak when a report arrives")
    .option("--json", "print JSON")
    .action(async (first: string | undefined, second: string | undefined, flags: Flags) => {
      const oom = await import("../oom/index.js");
      const isAlone =
        first !== undefined && first !== "-" && second === undefined && (await oom.isSnapshotFile(first));
      const snapshot = isAlone
        ? await oom.readSnapshot(first)
        : second === undefined
          ? undefined
          : await oom.readSnapshot(second);
      const log = isAlone ? undefined : first;
      if (isAlone && snapshot !== undefined) {
        printAnswer(flags, { reports: [], snapshot }, () => ({
          sentences: [snapshot.message],
          next: ["By stack frame and by size: --verbose."],
          details: oom.snapshotPage(snapshot, pageWidth()),
        }));
        return;
      }
      if (log === undefined && process.stdin.isTTY)
        throw new BytesperError(
          "USAGE",
          "A log is missing; give the path of one (bytesper explain-oom train.log), or pipe it in: dmesg | bytesper explain-oom, kubectl logs POD | bytesper explain-oom.",
        );
      const { explain, explanationAnswer, explanationPage, followLog, openLog, scanLog } = oom;
      const { parseCard } = await import("../model/index.js");
      // Read before the log, so that a wrong path fails before gigabytes are read.
      const given = flags.model === undefined ? undefined : await modelOf(flags.model);
      const card: Card | undefined = flags.gpu === undefined ? undefined : parseCard(flags.gpu);
      const layout = { width: pageWidth(), verbose: flags.verbose === true };
      const show = (explanation: ReturnType<typeof explain>): void => {
        const document = { ...explanation, ...(snapshot === undefined ? {} : { snapshot }) };
        if (flags.json === true && flags.follow === true)
          process.stdout.write(`${JSON.stringify(document)}\n`);
        else
          printAnswer(flags, document, () => {
            const pages = [
              explanationPage(explanation, layout),
              ...(snapshot === undefined ? [] : [oom.snapshotPage(snapshot, layout.width)]),
            ];
            const answer = explanationAnswer(explanation, pages.join("\n\n"));
            return snapshot === undefined
              ? answer
              : { ...answer, sentences: [...answer.sentences, snapshot.message] };
          });
      };
      if (flags.follow === true) {
        for await (const found of followLog(log ?? "-")) show(explain(found, given, card));
        return;
      }
      const warn = (message: string): void => {
        printMessage(message);
      };
      const scanned = await scanLog(await openLog(log ?? "-", warn));
      if (scanned.reports.length === 0) process.exitCode = 1;
      if (scanned.reports.length + scanned.quoted.length === 0) {
        if (flags.json === true) process.stdout.write(`${JSON.stringify({ reports: [] })}\n`);
        else process.stderr.write(`${logName(log)} holds no out-of-memory report.\n`);
        return;
      }
      show(explain(scanned, given, card));
    });
}

/** The width of a page: in a pipe too it is read by people. */
function pageWidth(): number {
  const width = outputWidth();
  return Number.isFinite(width) ? width : 80;
}

/** A file, or the name of a model whose sizes are known. */
async function modelOf(name: string): Promise<GivenModel> {
  const { knownModel, readModelFile } = await import("../model/index.js");
  const known = knownModel(basename(name));
  const isFile = await stat(name).then(
    () => true,
    () => false,
  );
  if (!isFile && known !== undefined) return { name: known.title, shape: known.shape };
  return { name: modelName(name), shape: await readModelFile(name) };
}

/** "Qwen2.5-3B" for Qwen2.5-3B.json. For a config.json, the name of its folder. */
function modelName(path: string): string {
  const file = basename(path, ".json");
  return file === "config" ? basename(path.slice(0, -"/config.json".length)) || file : file;
}

function logName(log: string | undefined): string {
  return log === undefined || log === "-" ? "Standard input" : log;
}
