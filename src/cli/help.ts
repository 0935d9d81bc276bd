import type { Command, Help, Option } from "commander";
import { outputWidth } from "../base/output-width.js";

/** The width of a help that goes into a pipe. */
const PIPED_WIDTH = 80;
/** Texts are wrapped beside terms also where little room is left. */
const LEAST_TEXT = 24;

/** Help at the width of the terminal, with defaults as one would write them. Before any command is added. */
export function configureHelp(program: Command): void {
  program
    .configureOutput({
      getOutHelpWidth: () => (Number.isFinite(outputWidth()) ? outputWidth() : PIPED_WIDTH),
    })
    .configureHelp({
      minWidthToWrap: LEAST_TEXT,
      subcommandTerm: (command) => command.name(),
      optionDescription,
    } satisfies Partial<Help>);
}

function optionDescription(option: Option): string {
  const { argChoices, description, required, optional } = option;
  const value = required || optional ? defaultText(option) : undefined;
  const notes = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(", ")}`]),
    ...(value === undefined ? [] : [`default: ${value}`]),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
}

function defaultText(option: Option): string | undefined {
  const value = option.defaultValue as unknown;
  if (option.defaultValueDescription !== undefined) return option.defaultValueDescription;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** Ends the help of each command with examples; the tests hold that each command has one. */
export function addExamples(program: Command): void {
  for (const command of program.commands) {
    const examples = EXAMPLES[command.name()] ?? [];
    command.addHelpText(
      "after",
      () => `\nExamples:\n${examples.map((example) => `  bytesper ${example}`).join("\n")}`,
    );
  }
}

export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  profile: [
    "profile --list",
    "profile session-scaling --quick",
    "profile --device-cap 14.74GiB --out results",
  ],
  measure: ["measure ./session.ts#ChatSession", "measure ./session.ts#ChatSession --quiet"],
  fits: [
    "fits ./session.ts#ChatSession --memory 2GiB",
    'fits ./session.ts#ChatSession --memory 2GiB \\\n    --node-options "--max-old-space-size=1800"',
  ],
  snapshot: ["snapshot Heap.heapsnapshot", "snapshot before.heapsnapshot after.heapsnapshot --verbose"],
  growth: ["growth ./server.ts#handler", "growth ./server.ts#handler --time 10"],
  import: ["import zod", "import ./src/index.ts --verbose"],
  attach: ["attach 4242", "attach 4242 --count Session", "attach localhost:9229 --every 10s"],
  connections: ["connections -- node server.js", "connections --clients 200,1000 --port 8080 -- ./server"],
  attention: ["attention --tokens 12000", "attention --tokens 2000 --kernel naive --dtype fp16"],
  check: ["check", "check --only session-scaling", 'check --update --allow-raise "sessions keep a title"'],
  compare: ["compare results-before results-after", "compare results-before results-after --markdown"],
  devices: ["devices", "devices --watch 5s"],
  estimate: [
    "estimate Qwen2.5-7B --tokens 8k --gpu T4",
    "estimate ./config.json --tokens 12000 --capacity 14.74GiB --verbose",
  ],
  "explain-oom": ["explain-oom train.log --model Qwen2.5-3B", "explain-oom train.log --verbose"],
  guard: ["guard --rules rules.json -- python3 train.py"],
  "simulate-context": [
    "simulate-context --workload heavy",
    "simulate-context --policy none,3/8/700 --turns 80",
  ],
  run: ["run loss.experiment.mjs --dry-run", "run loss.experiment.mjs --out results --slots 2"],
  resume: ["resume results"],
  retry: ["retry results", "retry results --outcome oom-cap --more-memory 2x"],
  status: ["status results"],
  report: ["report results"],
  paper: ["paper paper.tex --results results", "paper paper.tex --check"],
  writes: ["writes log.csv", "writes log.csv --summary summary.csv --figures figures"],
  completion: [
    "completion bash >> ~/.bashrc",
    'completion zsh > "${fpath[1]}/_bytesper"',
    "completion fish > ~/.config/fish/completions/bytesper.fish",
  ],
};
