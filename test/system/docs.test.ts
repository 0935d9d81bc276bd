import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { bytesperProgram } from "../../src/cli/program.js";
import { ROOT } from "./cli.js";
import { codeLines, PAGES } from "./docs-commands.js";

interface Use {
  page: string;
  command: string;
  options: string[];
}

/** Uses of the command line in code: `bytesper NAME ...` and `npm run profile -- ...`. */
function usesIn(page: string): Use[] {
  return codeLines(page).flatMap((line) => {
    const found =
      /(?:^|\s)(?:npx )?bytesper ([a-z][a-z-]+)(?= |$)(.*)/.exec(line) ??
      /(npm run profile) --(.*)/.exec(line);
    if (found === null) return [];
    const command = found[1] === "npm run profile" ? "profile" : (found[1] ?? "");
    // What follows belongs to a comment, the command under a guard, or the next program.
    const own = (found[2] ?? "").split(/ #| -- |[|;]/)[0] ?? "";
    return [{ page, command, options: own.match(/(?<=\s|\[)--[a-z][\w-]*/g) ?? [] }];
  });
}

const uses = PAGES.flatMap(usesIn);
const { commands } = await bytesperProgram("0.0.0");

test("the documents use many commands", () => {
  expect(new Set(uses.map(({ command }) => command)).size).toBeGreaterThan(12);
});

test("every command and option of the documents exists", () => {
  const wrong = uses.flatMap(({ page, command, options }) => {
    const known = commands.find((each) => each.name() === command);
    if (known === undefined) return [`${page}: bytesper ${command}`];
    return options
      .filter((option) => option !== "--help" && !known.options.some(({ long }) => long === option))
      .map((option) => `${page}: bytesper ${command} ${option}`);
  });
  expect(wrong).toEqual([]);
});

test("every link within the repository leads to a file", () => {
  const dead = PAGES.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), "utf8").replace(/```[\s\S]*?```/g, "");
    return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((found) => found[1] ?? "")
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`);
  });
  expect(dead).toEqual([]);
});
