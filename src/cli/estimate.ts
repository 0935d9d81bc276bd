import type { Command } from "commander";
import { Option } from "commander";
import type { AttentionImplementation, Logits, NumberType, WeightFormat } from "../model/index.js";
import {
  ATTENTION_IMPLEMENTATIONS,
  LOGITS,
  NUMBER_TYPES,
  WEIGHT_FORMATS,
  parseNumberType,
  parseWeightFormat,
} from "../model/index.js";
import { capacity as capacitySize } from "./capacity.js";
import { size, wholeNumber } from "./options.js";

interface Flags {
  tokens: number;
  batch: number;
  dtype?: WeightFormat;
  cacheDtype?: NumberType;
  attention: AttentionImplementation;
  logits: Logits;
  context?: number;
  capacity?: number;
  family?: string;
  published?: string;
  json?: boolean;
}

export function addEstimate(program: Command): void {
  program
    .command("estimate")
    .description("memory that a model needs for a prompt, term by term, from its config.json")
    .argument("<config>", "the config.json of a Hugging Face model")
    .requiredOption("--tokens <n>", "tokens of each prompt", wholeNumber(1))
    .option("--batch <n>", "sequences at once", wholeNumber(1), 1)
    .option(
      "--dtype <name>",
      `type or format of the weights: ${WEIGHT_FORMATS.join(", ")} (default: the config's)`,
      parseWeightFormat,
    )
    .option(
      "--cache-dtype <name>",
      `type of the key/value cache: ${NUMBER_TYPES.join(", ")} (default: the type computed in)`,
      parseNumberType,
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
    .option("--context <size>", "bytes of the CUDA context and the framework (default: 450MB)", contextSize)
    .option("--capacity <size>", "memory of the device, such as 14.74GiB: what fits into it", capacitySize)
    .option("--family <name>", "read the file as this model_type, whatever it says")
    .option(
      "--published <size>",
      "a published or logged size of the key/value cache: compared to its last digit, exit 1 where it differs",
    )
    .option("--json", "print JSON")
    .action(async (config: string, flags: Flags) => {
      const [
        { comparePublished, estimate, readModelFile },
        { estimateTable, publishedNote },
        { terminalTable },
      ] = await Promise.all([
        import("../model/index.js"),
        import("../model/page/index.js"),
        import("../base/table/terminal.js"),
      ]);
      const { tokens, batch, attention, logits, dtype, cacheDtype, context, capacity, family } = flags;
      const model = await readModelFile(config, family === undefined ? {} : { family });
      const result = estimate(model, {
        tokens,
        batch,
        attention,
        logits,
        ...(dtype === undefined ? {} : { dtype }),
        ...(cacheDtype === undefined ? {} : { cacheDtype }),
        ...(context === undefined ? {} : { contextBytes: context }),
        ...(capacity === undefined ? {} : { capacityBytes: capacity }),
      });
      const compared = flags.published === undefined ? undefined : comparePublished(flags.published, result);
      const note = compared === undefined ? "" : `\n\n${publishedNote(compared, result)}`;
      const text =
        flags.json === true
          ? JSON.stringify(compared === undefined ? result : { ...result, published: compared }, null, 2)
          : `${terminalTable(estimateTable(result))}${note}`;
      process.stdout.write(`${text}\n`);
      if (compared?.agrees === false) process.exitCode = 1;
    });
}

/** Accepts 0 too: a CPU has no device context. */
function contextSize(text: string): number {
  return /^\s*0\s*[A-Za-z]*\s*$/.test(text) ? 0 : size(text);
}
