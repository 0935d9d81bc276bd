import { basename } from "node:path";
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { BytesperError } from "../base/errors.js";
import type { Card } from "../model/index.js";
import type { GivenModel } from "../oom/index.js";

interface Flags {
  model?: string;
  gpu?: string;
  json?: boolean;
  verbose?: boolean;
  follow?: boolean;
}

export function addExplainOom(program: Command): void {
  program
    .command("explain-oom")
    .description(
      "why it ran out of memory: one sentence, what to try first, then the figures of each report of a log",
    )
    .argument("[log]", "a log, plain or gzip; - or nothing for standard input")
    .argument("[snapshot]", "a memory snapshot of PyTorch, beside the log or in its place")
    .option(
      "--model <name>",
      "a known model (Qwen2.5-3B) or its config.json, to name the tensors that have the size",
    )
    .option("--gpu <name>", "the card, such as T4 or H100, where the log does not say how large it is")
    .option("--verbose", "also the ranges that the printed digits allow, and all hypotheses")
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
        process.stdout.write(
          flags.json === true
            ? `${JSON.stringify({ reports: [], snapshot }, null, 2)}\n`
            : `${oom.snapshotPage(snapshot, process.stdout.columns || 80)}\n`,
        );
        return;
      }
      if (log === undefined && process.stdin.isTTY)
        throw new BytesperError(
          "USAGE",
          "A log is missing; give the path of one (bytesper explain-oom train.log), or pipe it in: dmesg | bytesper explain-oom, kubectl logs POD | bytesper explain-oom.",
        );
      const { explain, explanationPage, followLog, openLog, scanLog } = oom;
      const { parseCard } = await import("../model/index.js");
      // Read before the log, so that a wrong path fails before gigabytes are read.
      const given = flags.model === undefined ? undefined : await modelOf(flags.model);
      const card: Card | undefined = flags.gpu === undefined ? undefined : parseCard(flags.gpu);
      const layout = {
        width: process.stdout.columns || Number(process.env.COLUMNS) || 80,
        verbose: flags.verbose === true,
      };
      const print = (explanation: ReturnType<typeof explain>): void => {
        process.stdout.write(
          flags.json === true
            ? `${JSON.stringify({ ...explanation, ...(snapshot === undefined ? {} : { snapshot }) }, null, flags.follow === true ? 0 : 2)}\n`
            : `${[explanationPage(explanation, layout), ...(snapshot === undefined ? [] : [oom.snapshotPage(snapshot, layout.width)])].join("\n\n")}\n`,
        );
      };
      if (flags.follow === true) {
        for await (const found of followLog(log ?? "-")) print(explain(found, given, card));
        return;
      }
      const warn = (message: string): void => {
        process.stderr.write(`${message}\n`);
      };
      const scanned = await scanLog(await openLog(log ?? "-", warn));
      if (scanned.reports.length === 0) process.exitCode = 1;
      if (scanned.reports.length + scanned.quoted.length === 0) {
        if (flags.json === true) process.stdout.write(`${JSON.stringify({ reports: [] })}\n`);
        else process.stderr.write(`${logName(log)} holds no out-of-memory report.\n`);
        return;
      }
      print(explain(scanned, given, card));
    });
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
