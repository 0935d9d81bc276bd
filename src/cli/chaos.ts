import { BytesperError } from "../base/errors.js";
import { terminalTable } from "../base/table/terminal.js";
import { runChaos } from "../runner/chaos/chaos.js";
import { chaosTable } from "../runner/chaos/table.js";
import { wordsWithout } from "../runner/chaos/words.js";
import type { RunRequest } from "../runner/engine/request.js";
import { openGrid } from "../runner/engine/run.js";
import { interruptSignal } from "./options.js";
import { print, printMessage } from "./print.js";

/**
 * Runs the grid under faults and prints whether its tables stay the same. The exit code is 1 if they do not.
 */
export async function runUnderFaults(request: RunRequest, kills: number): Promise<void> {
  const words = process.argv.slice(2);
  if (request.executor !== "local" || words.includes("--detach") || words.includes("--supervise")) {
    throw new BytesperError(
      "USAGE",
      "--chaos kills runners of this machine in the foreground; leave --executor, --detach and --supervise out.",
    );
  }
  const tell = (message: string): void => {
    printMessage(message);
  };
  // Errors in the files are reported here, before a runner is started.
  (await openGrid(request, { notice: tell })).dispose();
  const report = await runChaos({
    words: wordsWithout(words, ["--chaos"], ["--kills", "--out"]),
    kills,
    seed: request.seed,
    signal: interruptSignal(),
    progress: tell,
  });
  print(`${terminalTable(chaosTable(report))}\n`);
  if (!report.agree) process.exitCode = 1;
}
