import type { Command } from "commander";
import { Option } from "commander";
import type { AttentionKernel, Dtype } from "../device/index.js";
import { ATTENTION_KERNELS, DTYPES } from "../device/index.js";
import { BytesperError } from "../base/errors.js";
import type { AnswerFlags } from "./print.js";
import { print, printAnswer, printMessage } from "./print.js";
import { size, wholeNumber } from "./options.js";

interface Flags extends AnswerFlags {
  tokens?: number;
  heads: number;
  kvHeads?: number;
  headDim: number;
  batch: number;
  kernel: AttentionKernel;
  dtype: Dtype;
  scoreDtype?: Dtype;
  causal?: boolean;
  device: string;
  deviceCap?: number;
  seed: number;
  check?: boolean;
}

export function addAttention(program: Command): void {
  program
    .command("attention")
    .description("memory and time of one attention, beside its estimate")
    .option("--tokens <n>", "length of the sequence", wholeNumber(1))
    .option("--heads <n>", "query heads", wholeNumber(1), 16)
    .option("--kv-heads <n>", "key/value heads, which divide the heads (default: as many)", wholeNumber(1))
    .option("--head-dim <n>", "dimension of a head, a multiple of 16", wholeNumber(1), 128)
    .option("--batch <n>", "sequences", wholeNumber(1), 1)
    .addOption(
      new Option("--kernel <name>", "naive and eager keep the scores, flash does not")
        .choices(ATTENTION_KERNELS)
        .default("flash"),
    )
    .addOption(new Option("--dtype <name>", "type of the numbers").choices(DTYPES).default("fp32"))
    .addOption(
      new Option("--score-dtype <name>", "type in which naive keeps its scores (default: fp32)").choices(
        DTYPES,
      ),
    )
    .option("--causal", "query i sees the keys 0 to i")
    .option("--device <name>", "auto, cpu, cuda or cuda:N", "auto")
    .option("--device-cap <size>", "most device memory, such as 14.74GiB", size)
    .option("--seed <n>", "seed of the random numbers", wholeNumber(0), 1)
    .option("--check", "instead compare every kernel of the device with double precision at many sizes")
    .option("--verbose", "print every figure too")
    .option("--quiet", "print the most bytes in use and nothing else")
    .option("--json", "print JSON")
    .action(async (flags: Flags) => {
      const [
        { checkKernels, runAttention },
        { attentionAnswer, attentionTable, checkTable },
        { terminalTable },
      ] = await Promise.all([
        import("../device/index.js"),
        import("../report/attention-table.js"),
        import("../base/table/terminal.js"),
      ]);
      const notice = (message: string): void => {
        printMessage(message);
      };
      if (flags.check === true) {
        const result = await checkKernels({ device: flags.device, notice });
        if (flags.json === true) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
        else print(`${terminalTable(checkTable(result.device, result.checks))}\n`);
        if (!result.checks.every(({ ok }) => ok)) process.exitCode = 1;
        return;
      }
      const { tokens, heads, headDim, batch, kernel, dtype } = flags;
      if (tokens === undefined)
        throw new BytesperError(
          "USAGE",
          "The length of the sequence is missing; give --tokens N, or --check.",
        );
      const record = await runAttention({
        shape: { batch, heads, kvHeads: flags.kvHeads ?? heads, tokens, headDim },
        kernel,
        dtype,
        scoreDtype: flags.scoreDtype ?? "fp32",
        causal: flags.causal === true,
        device: flags.device,
        ...(flags.deviceCap === undefined ? {} : { deviceCapBytes: flags.deviceCap }),
        seed: flags.seed,
        notice,
      });
      printAnswer(
        flags,
        record,
        () => attentionAnswer(record, terminalTable(attentionTable(record))),
        record.usedHighWaterBytes,
      );
    });
}
