import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { BytesperError } from "../base/errors.js";
import { bytesWithBinaryUnit } from "../base/format.js";
import type { Calibration } from "../oom/index.js";
import type { Workload } from "../context/index.js";
import { POLICY_NAMES, WORKLOADS } from "../context/index.js";
import type { AttentionImplementation, Logits, WeightFormat } from "../model/index.js";
import { ATTENTION_IMPLEMENTATIONS, LOGITS, WEIGHT_FORMATS, parseWeightFormat } from "../model/index.js";
import { capacity as capacitySize } from "./capacity.js";
import { interruptSignal, size, wholeNumber } from "./options.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer, printMessage } from "./print.js";

interface Flags extends AnswerFlags {
  policy: string[];
  transcript?: string;
  conversation?: string;
  workload: Workload;
  turns: number;
  model?: string;
  capacity: number;
  attention: AttentionImplementation;
  logits: Logits;
  dtype?: WeightFormat;
  device: string;
  measure: number;
  seed: number;
  crash?: string;
}

/** More turns would need more than a few gigabytes of memory and a minute of time. */
const MOST_TURNS = 2000;

/** What a T4 shows a program. */
const CAPACITY = "14.74GiB";

function turnCount(text: string): number {
  const turns = wholeNumber(1)(text);
  if (turns <= MOST_TURNS) return turns;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MOST_TURNS}.`);
}

export function addSimulateContext(program: Command): void {
  program
    .command("simulate-context")
    .description("tokens and memory, turn by turn, of policies that prune a conversation's history")
    .option(
      "--policy <names...>",
      "none, summaries, budget, or K/T/N: K turns whole, T turns at most, N new tokens",
      [...POLICY_NAMES],
    )
    .option("--transcript <file>", "conversations to replay, one a line (default: generated ones)")
    .option(
      "--conversation <id>",
      "replay this conversation of the file alone (default: all, and the curve of the longest)",
    )
    .addOption(
      new Option("--workload <name>", "lengths of generated tool results")
        .choices(WORKLOADS)
        .default("tool-use"),
    )
    .option("--turns <n>", `generations of a generated conversation, ${MOST_TURNS} at most`, turnCount, 40)
    .option("--model <config>", "the config.json of a Hugging Face model (default: Qwen2.5-3B)")
    .addOption(
      new Option("--capacity <size>", "memory of the device")
        .argParser(capacitySize)
        .default(size(CAPACITY), CAPACITY),
    )
    .option(
      "--crash <log>",
      "the log of a run of this model that ran out of memory: the capacity is what that run left for the estimate",
    )
    .addOption(
      new Option("--attention <name>", "eager keeps the scores; efficient and flash do not")
        .choices(ATTENTION_IMPLEMENTATIONS)
        .default("flash"),
    )
    .addOption(
      new Option("--logits <which>", "of the last position, of all, or of all with a copy in fp32")
        .choices(LOGITS)
        .default("last"),
    )
    .option(
      "--dtype <name>",
      `type or format of the weights: ${WEIGHT_FORMATS.join(", ")} (default: the config's)`,
      parseWeightFormat,
    )
    .option("--device <name>", "where attention is measured: cpu, cuda or cuda:N", "cpu")
    .option(
      "--measure <ms>",
      "ms for running attention at the lengths that come up; 0: none",
      wholeNumber(0),
      2000,
    )
    .option("--seed <n>", "seed of generated conversations", wholeNumber(0), 1)
    .option("--verbose", "print each policy and each turn too")
    .option("--json", "print JSON")
    .action(async (flags: Flags, command: Command) => {
      const [{ runSimulation }, { simulationAnswer, simulationTables }, { terminalTable }] =
        await Promise.all([
          import("../context/index.js"),
          import("../context/page/index.js"),
          import("../base/table/terminal.js"),
        ]);
      const { measure, device, policy, crash: log, ...rest } = flags;
      if (log !== undefined && command.getOptionValueSource("capacity") === "cli")
        throw new BytesperError(
          "USAGE",
          "--crash and --capacity both say how much memory there is; give one of them.",
        );
      const crash = log === undefined ? undefined : await crashOf(log, flags);
      const capacity = crash?.capacityBytes ?? flags.capacity;
      const { simulation, shown } = await runSimulation({
        ...rest,
        policy: policy.flatMap((names) => names.split(",")).filter((name) => name !== ""),
        capacityBytes: capacity,
        ...(measure === 0 ? {} : { measure: { device, budgetMs: measure } }),
        signal: interruptSignal(),
        notice: (message) => {
          printMessage(message);
        },
      });
      const document = crash === undefined ? simulation : { ...simulation, crash: crash.calibration };
      printAnswer(flags, document, () => {
        const tables = simulationTables(simulation, shown).map(terminalTable).join("\n\n");
        const answer = simulationAnswer(simulation, tables);
        return crash === undefined
          ? answer
          : {
              ...answer,
              sentences: [...answer.sentences.slice(0, 1), crash.message, ...answer.sentences.slice(1)],
            };
      });
    });
}

/** What the run of a log left for the estimate. */
async function crashOf(
  log: string,
  { model, attention, logits, dtype }: Flags,
): Promise<{ calibration: Calibration; capacityBytes: number; message: string }> {
  const [{ afterCrash, capacityAfter, readCrash }, { knownModel, readModelFile }] = await Promise.all([
    import("../oom/index.js"),
    import("../model/index.js"),
  ]);
  const shape = model === undefined ? knownModel("Qwen2.5-3B")?.shape : await readModelFile(model);
  const crash = await readCrash(log);
  if (crash.tokens === null || shape === undefined)
    throw new BytesperError(
      "BAD_INPUT",
      `${log} does not say how many tokens its prompt had; bytesper estimate MODEL --tokens N --crash ${log} takes them from you.`,
    );
  const { calibration } = afterCrash(shape, crash, {
    tokens: crash.tokens,
    attention,
    logits,
    ...(dtype === undefined ? {} : { dtype }),
  });
  const capacityBytes = capacityAfter(crash, calibration);
  return {
    calibration,
    capacityBytes,
    message: `${calibration.message} The capacity of the simulation is what that left for the estimate: ${bytesWithBinaryUnit(capacityBytes)}.`,
  };
}
