import { markdownSentence } from "../base/table/markdown.js";
import type { Result } from "../record/schema.js";
import { answerOf, standing } from "./answer.js";
import { HEADLINES } from "./summary.js";
import { inOrder } from "./order.js";

/** A bracket would end the text of the link. */
function linkText(title: string): string {
  return markdownSentence(title).replace(/(?<!\\)[[\]]/g, "\\$&");
}

export function indexPage(results: readonly Result[]): string {
  const lines = inOrder(results).map((result) => {
    const note = [
      ...standing(result).map(markdownSentence),
      `Node ${result.environment.node}`,
      result.finishedAt.slice(0, 10),
      `[numbers](${result.experiment}/result.json)`,
    ].join("; ");
    return `- [${linkText(result.title)}](${result.experiment}/result.md): ${markdownSentence(answerOf(result))} (${note})`;
  });
  return `${[
    "# Results",
    "Written by `npm run profile`; run it again rather than edit these files. The headline numbers are in [summary.json](summary.json), every reading in the journals under `runs/`.",
    lines.join("\n"),
    "## The keys of summary.json",
    Object.entries(HEADLINES)
      .map(([name, meaning]) => `- \`${name}\`: ${meaning}`)
      .join("\n"),
    "`_low` and `_high` behind a key are the ends of its interval.",
  ].join("\n\n")}\n`;
}
