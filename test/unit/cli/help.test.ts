import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import { afterEach, expect, test } from "vitest";
import { completionScript, SHELLS } from "../../../src/cli/completion.js";
import { EXAMPLES } from "../../../src/cli/help.js";
import { bytesperProgram } from "../../../src/cli/program.js";
import { usageSentence } from "../../../src/cli/usage-error.js";

const program = await bytesperProgram("0.0.0");
const columns = process.env.COLUMNS;
afterEach(() => {
  if (columns === undefined) delete process.env.COLUMNS;
  else process.env.COLUMNS = columns;
});

/** The help as it is printed, with its examples. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (piece) => (text += piece) });
  command.outputHelp();
  return text;
}

test.each([80, 120])("no help is wider than %i columns, save an example to be copied", (width) => {
  process.env.COLUMNS = String(width);
  const wide = [program, ...program.commands].flatMap((command) =>
    helpOf(command)
      .split("\n")
      .filter((line) => line.length > width && !line.startsWith("  bytesper ")),
  );
  expect(wide).toEqual([]);
});

test("defaults read as one would write them", () => {
  const help = program.commands.map(helpOf).join("\n").replace(/\s+/g, " ");
  expect(help).toContain("memory of the device (default: 14.74GiB)");
  expect(help).toContain("without a cap of its own (default: 10 min)");
  expect(help).not.toMatch(/default: [["]|\d{7}/);
});

test("each command has examples, whose options it has", () => {
  const wrong = program.commands.flatMap((command) => {
    const examples = EXAMPLES[command.name()] ?? [];
    if (examples.length === 0) return [command.name()];
    const known = command.options.flatMap(({ long, short }) => [long, short]);
    return examples.flatMap((example) => {
      const own = example.split(" -- ")[0] ?? "";
      const unquoted = own.replace(/"[^"]*"/g, "");
      return (unquoted.match(/(?<=\s)--[a-z-]+/g) ?? []).filter((option) => !known.includes(option));
    });
  });
  expect(wrong).toEqual([]);
});

test.each([
  [
    "error: unknown command 'profil'\n(Did you mean profile?)",
    "profil is an unknown command; the nearest is profile; bytesper --help lists them.",
  ],
  [
    "error: unknown option '--jsn'\n(Did you mean --json?)",
    "--jsn is an unknown option; the nearest is --json; bytesper --help lists them.",
  ],
  [
    "error: option '--executor <name>' argument 'slrum' is invalid. Allowed choices are local, slurm.",
    "Option '--executor <name>' argument 'slrum' is invalid. Allowed choices are local, slurm; the nearest is slurm.",
  ],
  [
    "error: option '--tokens <n>' argument '0' is invalid. Expected a whole number from 1.",
    "Option '--tokens <n>' argument '0' is invalid. Expected a whole number from 1.",
  ],
  ["error: missing required argument 'subject'", "Missing required argument 'subject'; see bytesper --help."],
  [
    "error: required option '--tokens <n>' not specified",
    "The required option '--tokens <n>' is missing; see bytesper --help.",
  ],
  [
    "error: too many arguments for 'devices'. Expected 0 arguments but got 1.",
    "Too many arguments for 'devices'. Expected 0 arguments but got 1.",
  ],
])("%s", (said, sentence) => {
  expect(usageSentence(said, "bytesper")).toBe(sentence);
});

test("the script for bash completes commands, options, choices and experiments", () => {
  const script = completionScript(program, "bash", ["session-scaling", "history-window"]);
  const complete = (...words: string[]): string[] => {
    const typed = words.map((word) => `'${word}'`).join(" ");
    const asked = `${script}\nCOMP_WORDS=(bytesper ${typed}); COMP_CWORD=${words.length}; _bytesper; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", asked], { encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.split("\n").filter(Boolean);
  };
  expect(complete("est")).toEqual(["estimate"]);
  expect(complete("estimate", "--tok")).toEqual(["--tokens"]);
  expect(complete("estimate", "--attention", "e")).toEqual(["eager", "efficient"]);
  expect(complete("profile", "session-s")).toEqual(["session-scaling"]);
});

test.each(SHELLS)("the script for %s names every command and every option", (shell) => {
  const script = completionScript(program, shell, []);
  for (const command of program.commands) {
    expect(script).toContain(command.name());
    for (const { long, hidden } of command.options) if (!hidden) expect(script).toContain(long?.slice(2));
  }
});
