import { markdownSentence } from "../base/table/markdown.js";
import type { Result } from "../record/schema.js";
import { headline } from "./sections.js";

/** One sentence on a result: its headline, or what its tables answer if each row has its own readings. */
function answer(result: Result): string {
  return result.settings.device === undefined
    ? headline(result)
    : (result.findings?.[0] ?? result.question ?? result.title);
}

/** A bracket would end the text of the link. */
function linkText(title: string): string {
  return markdownSentence(title).replace(/(?<!\\)[[\]]/g, "\\$&");
}

export function indexPage(results: readonly Result[]): string {
  const lines = results.map((result) => {
    const quick = result.settings.quick === true ? "quick; " : "";
    const doubts = result.warnings.length;
    const note = doubts === 0 ? "no doubts" : `${doubts} ${doubts === 1 ? "doubt" : "doubts"}`;
    return `- [${linkText(result.title)}](${result.experiment}/result.md): ${markdownSentence(answer(result))} (${quick}${note}; Node ${result.environment.node}; ${result.finishedAt.slice(0, 10)}; [numbers](${result.experiment}/result.json))`;
  });
  return `${[
    "# Results",
    "Written by `npm run profile`; run it again rather than edit these files. The headline numbers are in [summary.json](summary.json), every reading in the journals under `runs/`.",
    lines.join("\n"),
  ].join("\n\n")}\n`;
}
