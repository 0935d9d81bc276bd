import { markdownTable, markdownText } from "../../base/table/markdown.js";
import type { Confirmed } from "./confirm.js";
import type { ReportContext } from "./text.js";
import { closing, explanation, headline } from "./text.js";

/** For the summary of a GitHub job. */
export function summaryMarkdown(confirmed: readonly Confirmed[], context: ReportContext): string {
  const table = markdownTable({
    caption: "",
    columns: ["budget", "allowed", "measured", "verdict"].map((title) => ({ title, align: "left" })),
    rows: confirmed.map(({ first, verdict }) => [
      `${first.experiment}.${first.key}`,
      first.limit,
      verdict === "unknown" ? { absent: first.reason ?? "it could not be judged" } : first.measured,
      verdict === "over" ? `missed by ${first.over ?? "?"}` : verdict,
    ]),
    notes: [],
  });
  const failures = confirmed
    .filter(({ verdict }) => verdict === "over")
    .map((each) =>
      [
        `**${markdownText(`${each.first.experiment}.${each.first.key}`)}**`,
        "",
        ...explanation(each, context).map((line) => `- ${cautious(line)}`),
      ].join("\n"),
    );
  return `${["## Memory budgets", closing(confirmed), table, ...failures].join("\n\n")}\n`;
}

/** Keeps code marks around names and escapes all other marks. */
function cautious(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((piece, index) => (index % 2 === 1 ? piece : markdownText(piece)))
    .join("");
}

/** Workflow commands that mark lines of the config. */
export function annotations(confirmed: readonly Confirmed[], context: ReportContext): string[] {
  return confirmed
    .filter(({ verdict }) => verdict !== "within")
    .map((each) => {
      const { experiment, key } = each.first;
      const level = each.verdict === "over" ? "error" : "warning";
      const lines = [headline(each), ...(each.verdict === "over" ? explanation(each, context) : [])];
      const where = `file=${property(context.config)},line=${context.line(experiment, key)},title=${property(`Memory budget ${experiment}.${key}`)}`;
      return `::${level} ${where}::${data(lines.join("\n"))}`;
    });
}

/** The escapes of workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions */
function data(text: string): string {
  return text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}

function property(text: string): string {
  return data(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}
