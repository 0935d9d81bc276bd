import type { Command, Option } from "commander";
import { Argument } from "commander";

export const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** What can be typed after the name of one command. */
interface Words {
  name: string;
  description: string;
  /** Values of its arguments that are known; files are completed beside them. */
  values: readonly string[];
  options: readonly {
    flags: string[];
    description: string;
    choices: readonly string[];
    takesValue: boolean;
  }[];
}

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a script for your shell that completes commands, options and their values")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .action(async (shell: Shell) => {
      const { shippedExperiments } = await import("../runner/engine/shipped.js");
      process.stdout.write(`${completionScript(program, shell, shippedExperiments())}\n`);
    });
}

export function completionScript(program: Command, shell: Shell, experiments: readonly string[]): string {
  return SCRIPTS[shell](wordsOf(program, { profile: experiments, completion: SHELLS }));
}

function wordsOf(program: Command, values: Readonly<Record<string, readonly string[]>>): Words[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    values: values[command.name()] ?? [],
    options: command.options.filter(({ hidden }) => !hidden).map(optionWords),
  }));
}

function optionWords(option: Option): Words["options"][number] {
  return {
    flags: [option.long, option.short].filter((flag) => typeof flag === "string"),
    description: option.description,
    choices: option.argChoices ?? [],
    takesValue: option.required,
  };
}

const SCRIPTS: Record<Shell, (commands: readonly Words[]) => string> = {
  bash: (commands) => `# Completion of bytesper for bash, written by: bytesper completion bash
_bytesper() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} help" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]} $before" in
${commands.flatMap(bashChoices).join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${commands.map(bashCommand).join("\n")}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "\${words##* :}" -- "$word") $(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _bytesper bytesper`,
  zsh: (commands) => `#compdef bytesper
# Completion of bytesper for zsh, written by: bytesper completion zsh
_bytesper() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, description }) => `      ${quoted(`${name}:${description}`)}`).join("\n")}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(zshCommand).join("\n")}
  esac
}
if [ "$funcstack[1]" = "_bytesper" ]; then _bytesper "$@"; else compdef _bytesper bytesper; fi`,
  fish: (commands) => `# Completion of bytesper for fish, written by: bytesper completion fish
${commands.flatMap(fishCommand).join("\n")}`,
};

function bashChoices({ name, options }: Words): string[] {
  return options
    .filter(({ choices }) => choices.length > 0)
    .map(
      ({ flags, choices }) =>
        `    ${flags.map((flag) => `"${name} ${flag}"`).join("|")}) COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$word")); return ;;`,
    );
}

/** Values of arguments stand behind the colon. */
function bashCommand({ name, options, values }: Words): string {
  const flags = options.flatMap((option) => option.flags);
  return `    ${name}) words="${[...flags, "--help", ":", ...values].join(" ")}" ;;`;
}

function zshCommand({ name, options, values }: Words): string {
  const specs = options.flatMap(({ flags, description, choices, takesValue }) =>
    flags.map((flag) => {
      const value = !takesValue ? "" : `: :${choices.length > 0 ? `(${choices.join(" ")})` : "_files"}`;
      return quoted(`*${flag}[${description.replace(/[[\]:]/g, " ")}]${value}`);
    }),
  );
  const rest = values.length > 0 ? `*: :(${values.join(" ")})` : "*: :_files";
  return `    ${name}) _arguments ${[...specs, quoted(rest)].join(" ")} ;;`;
}

function fishCommand({ name, description, options, values }: Words): string[] {
  const inside = `complete -c bytesper -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
  return [
    `complete -c bytesper -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
    ...options.map(({ flags, description: text, choices, takesValue }) => {
      const names = flags.map((flag) =>
        flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const value = !takesValue ? "" : choices.length > 0 ? ` -x -a ${quoted(choices.join(" "))}` : " -r";
      return `${inside} ${names.join(" ")}${value} -d ${quoted(text)}`;
    }),
    ...(values.length > 0 ? [`${inside} -a ${quoted(values.join(" "))}`] : []),
  ];
}

/** Within single quotes for a shell. */
function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}
