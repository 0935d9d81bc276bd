import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FRAMEWORKS } from "../../../src/oom/frameworks.js";
import { SPOKEN } from "../../../src/oom/grammar/spoken-frameworks.js";

const PAGE = new URL("../../../docs/explain-oom.md", import.meta.url);
const MARK = "<!-- From here on this page is written by test/unit/oom/reference.test.ts. -->";

/** The table of frameworks, as the grammars have them. */
function reference(): string {
  const messages = new Map(SPOKEN.map(({ name, messages: all }) => [name, all]));
  const rows = FRAMEWORKS.map(({ name, title, memory }) => {
    const first = messages.get(name)?.[0];
    const names = [...new Set(messages.get(name)?.map(({ means }) => means[0]) ?? [])].join(", ");
    const text = first === undefined ? "" : `\`\`${first.text.replaceAll("|", "\\|")}\`\``;
    return `| \`${name}\` | ${title} | ${memory} | ${names} | ${text} |`;
  });
  return `${MARK}\n\n## Frameworks\n\n<!-- prettier-ignore -->\n| \`framework\` | program | memory | diagnoses of its messages | its first message |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

test("the page names every framework, as the grammars have them", () => {
  const page = readFileSync(PAGE, "utf8");
  const written = page.slice(0, page.indexOf(MARK)) + reference();
  // npx vitest run test/unit/oom/reference.test.ts -u writes the page anew.
  if (process.argv.includes("-u") || process.env.WRITE_REFERENCE === "1") writeFileSync(PAGE, written);
  expect(readFileSync(PAGE, "utf8")).toBe(written);
});
