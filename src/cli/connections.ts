import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { BytesperError } from "../base/errors.js";
import { isAbsent } from "../system/probe/reading.js";
import type { Protocol } from "../inspect/connections/index.js";
import { atMost, interruptSignal, list, trialCount, wholeNumber, wholeSeconds } from "./options.js";
import type { AnswerFlags } from "./print.js";
import { printAnswer } from "./print.js";
import { Progress } from "./progress.js";

interface Flags extends AnswerFlags {
  clients: number[];
  protocol?: Protocol;
  port?: number;
  path?: string;
  client?: string;
  messages: number;
  message?: string;
  trials: number;
  listen: number;
  snapshot: boolean;
}

export function addConnections(program: Command): void {
  program
    .command("connections")
    .description(
      "bytes per connection of your own server, in any language: started as it is, with real clients",
    )
    .argument("<command...>", "after --: the command that starts the server, and its arguments")
    .option(
      "--clients <n,..>",
      "numbers of connections to hold, one after the other; more than the default where a sure number needs them",
      levels,
      [100, 500, 1000],
    )
    .addOption(
      new Option("--protocol <name>", "what the clients speak (default: found out)").choices([
        "websocket",
        "socket.io",
        "http",
        "sse",
        "tcp",
      ]),
    )
    .option("--port <n>", "where the server listens (default: found out)", (text) =>
      atMost(wholeNumber(1)(text), MOST_PORT, "as a port"),
    )
    .option("--path <path>", "path of the WebSocket, the stream or the request")
    .option("--client <file>", "a module of your own that exports connect(index, { host, port, path })")
    .option("--messages <n>", "messages that each client sends after it connected", wholeNumber(0), 0)
    .option("--message <text>", "what a message is; {text}, {index} and {turn} are filled in")
    .option("--trials <n>", "fresh server processes", trialCount, 3)
    .option("--listen <seconds>", "time for the server to listen", wholeSeconds, 30)
    .option("--no-snapshot", "leave out the breakdown by class")
    .option("--verbose", "print the tables, and how it was measured, too")
    .option("--quiet", "print the bytes of one connection and nothing else")
    .option("--json", "print everything as JSON, unrounded")
    .action(async (command: string[], flags: Flags, self: Command) => {
      const { connectionsAnswer, measureConnections } = await import("../inspect/connections/index.js");
      const [file, ...args] = command;
      if (file === undefined || file === "")
        throw new BytesperError(
          "USAGE",
          "The server's command is missing; give it after --: bytesper connections -- node server.js.",
        );
      const progress = new Progress();
      const answer = await measureConnections({
        command: [file, ...args],
        levels: flags.clients,
        deepen: self.getOptionValueSource("clients") === "default",
        trials: flags.trials,
        messages: flags.messages,
        snapshot: flags.snapshot,
        listenMs: flags.listen * 1000,
        signal: interruptSignal(),
        progress: (finished, total, label) => {
          progress.update(finished, total, label);
        },
        ...(flags.protocol === undefined ? {} : { protocol: flags.protocol }),
        ...(flags.port === undefined ? {} : { port: flags.port }),
        ...(flags.path === undefined ? {} : { path: flags.path }),
        ...(flags.client === undefined ? {} : { client: flags.client }),
        ...(flags.message === undefined ? {} : { template: flags.message }),
      });
      progress.clear();
      const { fit } = answer;
      const number = isAbsent(fit) ? fit : fit.totalPerUnitBytes.value;
      printAnswer(flags, answer, () => connectionsAnswer(answer), number);
      // What was measured before the end is printed; the end is still no success.
      if (answer.ended !== undefined || answer.stopped !== undefined)
        process.exitCode = answer.stopped?.code === "INTERRUPTED" ? 130 : 1;
    });
}

/** Each has a port of its own on this machine, which has 65,536 for each address. */
const MOST_CLIENTS = 1_000_000;
const MOST_PORT = 65_535;

/** One number alone is divided: a line needs several. */
function levels(text: string): number[] {
  const numbers = [
    ...new Set(list(text).map((each) => atMost(wholeNumber(2)(each), MOST_CLIENTS, "connections"))),
  ].sort((a, b) => a - b);
  const [only] = numbers;
  if (only === undefined || numbers.length > 1) return numbers;
  if (only < 10) throw new InvalidArgumentError("Expected at least 10 connections, or several numbers.");
  return [0.2, 0.6, 1].map((share) => Math.round(share * only));
}
