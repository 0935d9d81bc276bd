import type { Confirmed } from "./confirm.js";
import type { ReportContext } from "./text.js";
import { explanation, headline } from "./text.js";

/** One test case for each budget. A budget that could not be judged is an error, not a pass. */
export function junitReport(confirmed: readonly Confirmed[], context: ReportContext): string {
  const count = (verdict: Confirmed["verdict"]): number =>
    confirmed.filter((each) => each.verdict === verdict).length;
  const cases = confirmed.map((each) => {
    const { experiment, key } = each.first;
    const open = `    <testcase classname="${xml(experiment)}" name="${xml(key)}" file="${xml(context.config)}" line="${context.line(experiment, key)}"`;
    if (each.verdict === "within") return `${open}/>`;
    const tag = each.verdict === "over" ? "failure" : "error";
    const lines = each.verdict === "over" ? explanation(each, context) : [];
    return [
      `${open}>`,
      `      <${tag} message="${xml(headline(each))}">${xml(lines.join("\n"))}</${tag}>`,
      "    </testcase>",
    ].join("\n");
  });
  const totals = `tests="${confirmed.length}" failures="${count("over")}" errors="${count("unknown")}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="bytesper check" ${totals}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for XML 1.0, which allows no control characters except tab and line ends. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
}
