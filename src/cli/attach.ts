import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../base/duration.js";
import { sentence } from "../base/sentence.js";
import { interruptSignal } from "./options.js";
import type { AnswerFlags } from "./print.js";
import { print, printAnswer, printMessage } from "./print.js";

interface Flags extends AnswerFlags {
  every?: number;
  count?: string;
  classes?: boolean;
  growth?: number;
  snapshot?: string;
  remote?: boolean;
}

export function addAttach(program: Command): void {
  program
    .command("attach")
    .description("memory of a running Node process through its inspector, which is left as it was found")
    .argument("<process>", "a process id, or HOST:PORT of an open inspector")
    .option("--every <time>", "read again and again, such as every 10s, until it is interrupted", duration)
    .option("--count <class>", "how many instances of a class live, and their bytes; takes a heap snapshot")
    .option("--classes", "who holds the memory, by a heap snapshot")
    .option("--growth <time>", "what grew in that time, by two heap snapshots", duration)
    .option("--snapshot <file>", "keep the heap snapshot in this file")
    .option("--remote", "allow a host that is not this machine")
    .option("--verbose", "print the readings, and the tables of a snapshot too")
    .option("--quiet", "print the bytes of the process (or, with --count, of the class) and nothing else")
    .option("--json", "print everything as JSON, unrounded")
    .action(async (text: string, flags: Flags) => {
      const { attach, attachAnswer, readingLine, READING_HEADING } =
        await import("../inspect/attach/index.js");
      let headed = false;
      const answer = await attach(text, {
        remote: flags.remote === true,
        classes: flags.classes === true,
        signal: interruptSignal(),
        say: printMessage,
        onReading: (reading) => {
          if (
            flags.json === true ||
            flags.quiet === true ||
            (flags.every === undefined && flags.verbose !== true)
          )
            return;
          if (!headed) print(`${READING_HEADING}\n`);
          headed = true;
          print(`${readingLine(reading)}\n`);
        },
        ...(flags.count === undefined ? {} : { count: flags.count }),
        ...(flags.growth === undefined ? {} : { growthMs: flags.growth }),
        ...(flags.snapshot === undefined ? {} : { snapshotFile: flags.snapshot }),
        ...(flags.every === undefined ? {} : { everyMs: flags.every }),
      });
      const last = answer.readings.at(-1);
      const held = answer.count?.retainedBytes ?? last?.pssBytes ?? { absent: "there was no reading" };
      printAnswer(flags, answer, () => attachAnswer(answer), held);
    });
}

function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new InvalidArgumentError(sentence(error));
  }
}
