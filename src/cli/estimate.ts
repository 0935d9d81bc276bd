import { basename, dirname, resolve } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import type {
  Adapter,
  AdapterFile,
  AttentionImplementation,
  Card,
  EstimateOptions,
  Logits,
  ModelShape,
  NumberType,
  Optimizer,
  Precision,
  Runtime,
  Targets,
  WeightFormat,
} from "../model/index.js";
import {
  ATTENTION_IMPLEMENTATIONS,
  LOGITS,
  NUMBER_TYPES,
  OPTIMIZERS,
  PRECISIONS,
  RUNTIMES,
  WEIGHT_FORMATS,
  capacityNote,
  capacityOf,
  parseCard,
  parseNumberType,
  parseWeightFormat,
} from "../model/index.js";
import { capacity as capacitySize } from "./capacity.js";
import { tokenCount } from "./model-options.js";
import { list, size, wholeNumber } from "./options.js";
import type { CrashAdvice } from "../oom/index.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";

interface Flags extends AnswerFlags {
  tokens: number;
  batch: number;
  dtype?: WeightFormat;
  cacheDtype?: NumberType;
  kvDtype?: NumberType;
  attention: AttentionImplementation;
  logits: Logits;
  context?: number;
  capacity?: number;
  gpu?: Card;
  family?: string;
  runtime?: Runtime;
  tensorParallel: number;
  pipelineParallel: number;
  sharedPrefix?: number;
  published?: string;
  crash?: string;
  training?: boolean;
  optimizer: Optimizer;
  precision: Precision;
  checkpointing?: boolean;
  loraRank?: number;
  loraTargets?: string[];
  adapter?: string;
  zero: string;
  dataParallel: number;
}

export function addEstimate(program: Command): void {
  program
    .command("estimate")
    .description("memory that a model needs for a prompt or for training, from its config or its checkpoint")
    .argument(
      "<model>",
      "a config.json, the folder of a checkpoint or adapter, a .safetensors or .gguf file, or a known name",
    )
    .requiredOption("--tokens <n>", "tokens of each prompt, such as 12000 or 8k", tokenCount)
    .option("--batch <n>", "sequences at once", wholeNumber(1), 1)
    .option(
      "--dtype <name>",
      `type or format of the weights: ${WEIGHT_FORMATS.join(", ")} (default: the model's)`,
      parseWeightFormat,
    )
    .option(
      "--kv-dtype <name>",
      `type of the key/value cache: ${NUMBER_TYPES.join(", ")} (default: the type computed in)`,
      parseNumberType,
    )
    .addOption(new Option("--cache-dtype <name>", "the same").argParser(parseNumberType).hideHelp())
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
    .addOption(
      new Option("--runtime <name>", "lay out cache and state as this runtime does").choices(RUNTIMES),
    )
    .option(
      "--tensor-parallel <n>",
      "ranks that share each layer; the figures are those of one",
      wholeNumber(1),
      1,
    )
    .option("--pipeline-parallel <n>", "ranks that have layers of their own", wholeNumber(1), 1)
    .option("--shared-prefix <n>", "tokens at the beginning that all sequences share", tokenCount)
    .option("--context <size>", "bytes of the CUDA context and the framework (default: 450MB)", contextSize)
    .option("--capacity <size>", "memory of the device, such as 14.74GiB: what fits into it", capacitySize)
    .option("--gpu <name>", "a card such as RTX-4090 or A100-80GB in place of --capacity", parseCard)
    .option("--family <name>", "read the file as this model_type, whatever it says")
    .option(
      "--published <size>",
      "a published or logged size of the key/value cache: compared to its last digit, exit 1 where it differs",
    )
    .option(
      "--crash <log>",
      "the log of a run of this model that ran out of memory: what it held beside the estimate, and what that means here",
    )
    .option("--training", "what training takes: weights, gradients, states, activations, logits")
    .addOption(new Option("--optimizer <name>", "with --training").choices(OPTIMIZERS).default("adamw"))
    .addOption(
      new Option("--precision <name>", "with --training: mixed keeps a copy of the weights in fp32")
        .choices(PRECISIONS)
        .default("mixed"),
    )
    .option("--checkpointing", "with --training: keep only the input of each layer")
    .option(
      "--lora-rank <n>",
      "with --training: train adapters of this rank (QLoRA with --dtype nf4)",
      wholeNumber(1),
    )
    .option("--lora-targets <names>", "matrices with adapters, such as q_proj,v_proj, or all-linear", list)
    .option("--adapter <path>", "an adapter_config.json (LoRA, QLoRA, DoRA) or its folder, beside the model")
    .addOption(
      new Option("--zero <stage>", "with --training: what ranks split")
        .choices(["0", "1", "2", "3"])
        .default("0"),
    )
    .option("--data-parallel <n>", "with --zero: ranks that split it", wholeNumber(1), 1)
    .option("--verbose", "print each term with its formula too")
    .option("--quiet", "print the bytes that it needs and nothing else")
    .option("--json", "print JSON")
    .action(run);
}

async function run(name: string, flags: Flags): Promise<void> {
  const [model, page, { terminalTable }] = await Promise.all([
    import("../model/index.js"),
    import("../model/page/index.js"),
    import("../base/table/terminal.js"),
  ]);
  const { tokens, batch, attention, logits, dtype, context, family, gpu, runtime, sharedPrefix } = flags;
  const { BytesperError } = await import("../base/errors.js");
  if (gpu !== undefined && flags.capacity !== undefined)
    throw new BytesperError(
      "USAGE",
      "--gpu and --capacity both say how much memory there is; give one of them.",
    );
  const capacity = flags.capacity ?? (gpu === undefined ? undefined : capacityOf(gpu));
  const { base, adapter } = await adapted(name, flags);
  const read = await model.readModelFile(base, family === undefined ? {} : { family });
  const shape = gpu === undefined ? read : { ...read, notes: [...read.notes, capacityNote(gpu)] };
  const common = {
    tokens,
    batch,
    attention,
    ...(dtype === undefined ? {} : { dtype }),
    ...(context === undefined ? {} : { contextBytes: context }),
    ...(capacity === undefined ? {} : { capacityBytes: capacity }),
  };
  if (flags.training === true) {
    const result = model.estimateTraining(shape, { ...common, ...trainingOptions(flags, adapter?.adapter) });
    result.notes.push(...storedNotes(adapter, result.trainedParameters));
    printAnswer(
      flags,
      result,
      () => page.trainingAnswer(result, shortName(name), terminalTable(page.trainingTable(result))),
      result.totalBytes,
    );
    return;
  }
  const cacheDtype = flags.kvDtype ?? flags.cacheDtype;
  const options = {
    ...common,
    logits,
    tensorParallel: flags.tensorParallel,
    pipelineParallel: flags.pipelineParallel,
    ...(cacheDtype === undefined ? {} : { cacheDtype }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(sharedPrefix === undefined ? {} : { sharedPrefix }),
    ...(adapter === undefined ? {} : { adapter: adapter.adapter }),
  };
  const result = model.estimate(shape, options);
  result.notes.push(...storedNotes(adapter, result.adapterParameters));
  const crash = flags.crash === undefined ? undefined : await crashOf(flags.crash, shape, options);
  const compared =
    flags.published === undefined ? undefined : model.comparePublished(flags.published, result);
  const all = {
    ...result,
    ...(compared === undefined ? {} : { published: compared }),
    ...(crash === undefined ? {} : { crash }),
  };
  printAnswer(
    flags,
    all,
    () => {
      const answer = page.estimateAnswer(result, shortName(name), terminalTable(page.estimateTable(result)));
      const asked = [
        ...(compared === undefined ? [] : [page.publishedNote(compared, result)]),
        ...(crash === undefined ? [] : [crash.message]),
      ];
      // What was asked for comes before what is always told.
      return asked.length === 0
        ? answer
        : {
            ...answer,
            ...(compared === undefined ? {} : { tone: compared.agrees ? "good" : "bad" }),
            sentences: [...asked, ...answer.sentences],
            kept: asked.length,
          };
    },
    result.totalBytes,
  );
  if (compared?.agrees === false) process.exitCode = 1;
}

/** The model as the user names it, without the folders before it. */
function shortName(name: string): string {
  const file = basename(name);
  return file === "config.json" ? basename(dirname(resolve(name))) : file;
}

async function crashOf(log: string, shape: ModelShape, options: EstimateOptions): Promise<CrashAdvice> {
  const { afterCrash, readCrash } = await import("../oom/index.js");
  return afterCrash(shape, await readCrash(log), options);
}

/** The model that is meant: what the user names, or the base of the adapter that the user names. */
async function adapted(name: string, flags: Flags): Promise<{ base: string; adapter?: AdapterFile }> {
  const [{ BytesperError }, { isAdapter, readAdapterFile }] = await Promise.all([
    import("../base/errors.js"),
    import("../model/index.js"),
  ]);
  if (flags.adapter !== undefined) {
    if (flags.loraRank !== undefined || flags.loraTargets !== undefined)
      throw new BytesperError(
        "USAGE",
        "--adapter and --lora-rank both describe an adapter; give one of them.",
      );
    return { base: name, adapter: await readAdapterFile(flags.adapter) };
  }
  if (!(await isAdapter(name))) return { base: name };
  const adapter = await readAdapterFile(name);
  const { base } = adapter.adapter;
  if (base === undefined)
    throw new BytesperError(
      "BAD_INPUT",
      `${name} describes an adapter and names no model; give the config.json of its model, and --adapter ${name}.`,
    );
  return { base, adapter };
}

/** What the tensors of an adapter hold, where that is not what its config gives. */
function storedNotes(file: AdapterFile | undefined, counted: number | undefined): string[] {
  const stored = file?.storedParameters;
  if (stored === undefined || counted === undefined) return [];
  return [
    stored === counted
      ? "The adapter's tensors hold as many parameters."
      : `The adapter's tensors hold ${stored.toLocaleString("en-US")} parameters, its config gives ${counted.toLocaleString("en-US")}: one of them does not belong to this model.`,
  ];
}

/** The matrices of queries and values, as PEFT adapts them where the user names none, under the names of families. */
const QUERIES_AND_VALUES =
  /\.(q_proj|v_proj|q|v|query|value|qkv_proj|query_key_value|c_attn|W_pack|Wqkv|wqkv)$/;

function trainingOptions(
  flags: Flags,
  adapter: Adapter | undefined,
): {
  optimizer: Optimizer;
  precision: Precision;
  checkpointing: boolean;
  zero: 0 | 1 | 2 | 3;
  dataParallel: number;
  lora?: Adapter;
} {
  const { optimizer, precision, checkpointing = false, loraRank, loraTargets } = flags;
  const targets: Targets | undefined =
    loraTargets?.includes("all-linear") === true ? "all-linear" : loraTargets;
  const lora: Adapter | undefined =
    loraRank === undefined ? adapter : { rank: loraRank, targets: targets ?? QUERIES_AND_VALUES, notes: [] };
  return {
    optimizer,
    precision,
    checkpointing,
    zero: Number(flags.zero) as 0 | 1 | 2 | 3,
    dataParallel: flags.dataParallel,
    ...(lora === undefined ? {} : { lora }),
  };
}

/** Accepts 0 too: a CPU has no device context. */
function contextSize(text: string): number {
  return /^\s*0\s*[A-Za-z]*\s*$/.test(text) ? 0 : size(text);
}
