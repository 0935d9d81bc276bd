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

/** Which command lines no test runs, and why. */
export const NOT_RUN: readonly [command: RegExp, reason: string][] = [
  [/--executor slurm/, "needs a cluster; test/system/slurm runs a stand-in of it"],
  [
    /^bytesper attach 127|^bytesper attach .*--every/,
    "an open inspector, or goes on; attach.test.ts has both",
  ],
  [
    /--kernel naive --device-cap|^bytesper attention --tokens 12000$/,
    "takes 10 GB or half a minute on a CPU",
  ],
  [/^bytesper attention --check/, "takes a minute; device-proof.test.ts runs the same comparisons"],
  [
    /^bytesper profile(?! --list)/,
    "takes minutes; profile.test.ts and the long tests run each experiment with --quick",
  ],
  [/^bytesper check/, "measures for a minute; check.test.ts runs it on small experiments"],
  [/^bytesper connections/, "a server of the reader; connections.test.ts starts several"],
  [
    /^bytesper (?:measure|fits|growth)\b/,
    "takes 10 s or more; measure-errors, fits and growth tests run them",
  ],
  [/--chaos|--detach/, "takes a minute; test/system/faults and run.test.ts run them"],
  [/snapshot\.pickle/, "a file that PyTorch writes; test/unit/oom/snapshot.test.ts"],
];
