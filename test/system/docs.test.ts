import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ROOT } from "./cli.js";
import { bytesperInOneProcess } from "./one-process.js";

const bytesper = bytesperInOneProcess();

const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...(readdirSync(join(ROOT, "docs"), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

interface Use {
  page: string;
  command: string;
  options: string[];
}

/** Uses of the command line in code: `bytesper NAME ...` and `npm run profile -- ...`. */
function usesIn(page: string): Use[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  const code = [...text.matchAll(/```[^\n]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map(
    (found) => found[1] ?? found[2] ?? "",
  );
  return code
    .flatMap((part) => part.replace(/\\\n\s*/g, " ").split("\n"))
    .flatMap((line) => {
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
const helps = new Map<string, string>();

beforeAll(async () => {
  for (const command of new Set(uses.map((use) => use.command))) {
    const { code, stdout } = await bytesper([command, "--help"]);
    if (code === 0) helps.set(command, stdout);
  }
});

test("the documents use many commands", () => {
  expect(new Set(uses.map(({ command }) => command)).size).toBeGreaterThan(12);
});

test("every command and option of the documents exists", () => {
  const wrong = uses.flatMap(({ page, command, options }) => {
    const help = helps.get(command);
    if (help === undefined) return [`${page}: bytesper ${command}`];
    return options
      .filter((option) => !new RegExp(`(?:^|[\\s,])${option}(?![\\w-])`, "m").test(help))
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
