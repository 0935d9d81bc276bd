import { Command } from "commander";
import { outputWidth } from "../base/output-width.js";
import { wrappedLines } from "../base/wrap.js";
import { addExamples, configureHelp } from "./help.js";
import { usageSentence } from "./usage-error.js";

type Add = (program: Command) => void;

/** By heading and name, in the order of the help. The rooms that a command does not need are not loaded. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, () => Promise<Add>>>>> = {
  "Measure your program:": {
    measure: async () => (await import("./measure.js")).addMeasure,
    fits: async () => (await import("./fits.js")).addFits,
    growth: async () => (await import("./growth.js")).addGrowth,
    import: async () => (await import("./import.js")).addImport,
    connections: async () => (await import("./connections.js")).addConnections,
  },
  "Look into a process or a log:": {
    attach: async () => (await import("./attach.js")).addAttach,
    snapshot: async () => (await import("./snapshot.js")).addSnapshot,
    "explain-oom": async () => (await import("./explain-oom.js")).addExplainOom,
    writes: async () => (await import("./writes.js")).addWrites,
    devices: async () => (await import("./devices.js")).addDevices,
  },
  "Models and conversations:": {
    estimate: async () => (await import("./estimate.js")).addEstimate,
    attention: async () => (await import("./attention.js")).addAttention,
    "simulate-context": async () => (await import("./simulate-context.js")).addSimulateContext,
  },
  "Experiments, grids and papers:": {
    profile: async () => (await import("./profile.js")).addProfile,
    run: async () => (await import("./run.js")).addRun,
    // Adds `retry` too.
    resume: async () => (await import("./resume.js")).addResume,
    status: async () => (await import("./status.js")).addStatus,
    report: async () => (await import("./report.js")).addReport,
    paper: async () => (await import("./paper.js")).addPaper,
  },
  "Keep it in bounds:": {
    compare: async () => (await import("./compare.js")).addCompare,
    check: async () => (await import("./check.js")).addCheck,
    guard: async () => (await import("./guard.js")).addGuard,
  },
  // It describes all others, so it is loaded with them.
  "Other:": {},
};

/**
 * The command line with its commands and their options.
 *
 * @param asked the command that is run: the others are then not loaded. The help, `completion`, `retry` and a name that no
 *   command has need all of them
 */
export async function bytesperProgram(version: string, asked?: string): Promise<Command> {
  const program = new Command("bytesper")
    .description("Measures how many bytes one session, message or instance costs.")
    .version(version)
    .exitOverride()
    .showHelpAfterError(false)
    .helpOption("-h, --help", "print this help")
    .addHelpCommand(
      new Command("help")
        .argument("[command]")
        .description("print the help of a command")
        .helpGroup("Other:"),
    );
  configureHelp(program);
  program.configureOutput({
    outputError: (said, write) => {
      const name = process.argv[2] ?? "";
      const known = program.commands.some((command) => command.name() === name);
      const sentence = usageSentence(said, known ? `bytesper ${name}` : "bytesper");
      write(`${wrappedLines(sentence, outputWidth(process.stderr))}\n`);
    },
  });
  const isKnown = Object.values(GROUPS).some((group) => Object.hasOwn(group, asked ?? ""));
  for (const [heading, group] of Object.entries(GROUPS)) {
    program.commandsGroup(heading);
    for (const [name, load] of Object.entries(group)) if (!isKnown || name === asked) (await load())(program);
  }
  if (!isKnown) (await import("./completion.js")).addCompletion(program);
  addExamples(program);
  return program;
}
