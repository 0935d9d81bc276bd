import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./cli.js";

/** README and the pages of docs/, relative to the root. */
export const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...(readdirSync(join(ROOT, "docs"), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** The lines of a page's code, blocks and words between backticks, continued lines joined. */
export function codeLines(page: string): string[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/```[^\n]*\n([\s\S]*?)```|`([^`\n]+)`/g)]
    .map((found) => found[1] ?? found[2] ?? "")
    .flatMap((part) => part.replace(/\\\n\s*/g, " ").split("\n"));
}

/**
 * Every command line of a page, as one would type it: `bytesper ...` with an argument, without the words `npx` and
 * `npm run profile --` that start it, and without its remark.
 */
export function commandsOf(page: string): string[] {
  const lines = codeLines(page).flatMap((line) => {
    const found =
      /^(?:\$ |.*\| |.*: )?(?:npx )?(bytesper [a-z][a-z-]+ .+)$/.exec(line) ??
      /^(?:\$ )?npm run (profile) --( .+)$/.exec(line);
    if (found === null) return [];
    const command = found[1] === "profile" ? `bytesper profile${found[2] ?? ""}` : (found[1] ?? "");
    return [
      command
        .replace(/ +#.*$/, "")
        .replace(/ \(.*$/, "")
        .trim(),
    ];
  });
  return [...new Set(lines)];
}

/** What takes some seconds or more of a processor: docs-run.long.test.ts runs it. */
export const LONG: readonly RegExp[] = [
  /^bytesper (?:measure|fits|growth|connections|attention|check)\b/,
  /^bytesper profile(?! --list)/,
  /^bytesper attach .*--every|^bytesper attach 127/,
  /--chaos|--detach/,
];

/** What cannot run here, and why: a skip says it. */
export const NOT_HERE: readonly [command: RegExp, reason: string][] = [
  [/--executor slurm/, "needs a cluster; test/system/slurm runs a stand-in of it"],
  [
    /^bytesper attention --check/,
    "takes 25 s of a processor; device-proof.test.ts makes the same comparisons",
  ],
];

/** The first words of the sample output of a page's commands, by command; numbers and units are the reader's own. */
export function samplesOf(page: string): Map<string, string> {
  const text = readFileSync(join(ROOT, page), "utf8");
  const blocks = [...text.matchAll(/```\n\$ (?:npx )?(bytesper [^\n]*)\n+([\s\S]*?)```/g)];
  return new Map(blocks.map(([, command = "", output = ""]) => [command, shapeOf(output).slice(0, SHAPE)]));
}

/** So many characters say what kind of answer it is, whatever the numbers are. */
const SHAPE = 25;

/** An output on one line, without its numbers and units. */
export function shapeOf(output: string): string {
  return output
    .replace(/\s+/g, " ")
    .trim()
    .replace(/\d[\d,.]*/g, "#")
    .replace(/# (?:[kMGT]?B|[KMGT]iB)\b/g, "# B");
}
