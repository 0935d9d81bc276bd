import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { FRAMEWORKS } from "../../../src/oom/frameworks.js";
import { SPOKEN } from "../../../src/oom/grammar/spoken-frameworks.js";
import { FIGURES } from "../../../src/oom/record.js";

const page = (name: string): URL => new URL(`../../../docs/${name}`, import.meta.url);
const SOURCE = new URL("../../../src/oom/", import.meta.url);
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

/** Names that a message fills: `{size:requestedBytes}`, `(?<reason>...)`, `details.phase = `. */
const FILLED =
  /\{(?:size|whole|number|word|text):([a-z]\w*)\}|\(\?<([a-z]\w*)>|details\.([a-z]\w*) \??\??= /g;
const MOST_NAMED = 5;

function filledBy(text: string): string[] {
  return [...text.matchAll(FILLED)].flatMap(([, hole, group, set]) => hole ?? group ?? set ?? []);
}

/** Names, types and meanings of the interface of details. */
function declared(): Map<string, { type: string; meaning: string }> {
  const source = readFileSync(new URL("record.ts", SOURCE), "utf8");
  const body = source.slice(source.indexOf("export interface Details {"), source.indexOf("/** `likely`"));
  let meaning = "";
  const names = new Map<string, { type: string; meaning: string }>();
  for (const [, comment, name, type] of body.matchAll(/\/\*\*([^]*?)\*\/|^ {2}(\w+)\?: (.*);$/gm)) {
    if (comment !== undefined) meaning = comment.replaceAll(/\s*\n\s*\*\s?/g, " ").trim();
    if (name === undefined || type === undefined) continue;
    names.set(name, { type, meaning });
    meaning = "";
  }
  return names;
}

/** Every name that a report may state, with the programs whose messages state it. */
function names(): string {
  const stated = new Map<string, Set<string>>();
  const add = (name: string, by: string): void => {
    stated.set(name, (stated.get(name) ?? new Set()).add(by));
  };
  for (const { name, messages } of SPOKEN)
    for (const { text, details } of messages)
      for (const each of [...filledBy(text), ...Object.keys(details ?? {})]) add(each, name);
  const folder = new URL("grammar/", SOURCE);
  for (const file of readdirSync(folder).sort()) {
    const source = readFileSync(new URL(file, folder), "utf8");
    if (/SpokenFramework/.test(source) || !/read\(place/.test(source)) continue;
    for (const each of filledBy(source)) add(each, basename(file, ".ts"));
  }
  const known = declared();
  const all = [...FIGURES, ...[...new Set([...known.keys(), ...stated.keys()])].sort()];
  const rows = [...new Set(all)]
    .filter((name) => name !== "gpuIndex")
    .map((name) => {
      const by = [...(stated.get(name) ?? [])].sort();
      const more = by.length > MOST_NAMED ? ` and ${by.length - MOST_NAMED} more` : "";
      const isFigure = (FIGURES as readonly string[]).includes(name);
      const type = known.get(name)?.type ?? (/Bytes$|Tokens$/.test(name) ? "number" : "string");
      const where = isFigure ? "the report" : "`details`";
      return `| \`${name}\` | ${where} | ${type.replaceAll("|", "\\|")} | ${known.get(name)?.meaning ?? ""} | ${by.slice(0, MOST_NAMED).join(", ")}${more} |`;
    });
  return `${MARK}\n\n## Names\n\nWhere no message is named, bytesper derives it.\n\n<!-- prettier-ignore -->\n| name | in | type | meaning | messages of |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

test.each([
  ["explain-oom.md", reference],
  ["oom-json.md", names],
])("%s names all that the grammars have", (file, written) => {
  const text = readFileSync(page(file), "utf8");
  const fresh = text.slice(0, text.indexOf(MARK)) + written();
  // WRITE_REFERENCE=1 npx vitest run test/unit/oom/reference.test.ts writes the page anew.
  if (process.env.WRITE_REFERENCE === "1") writeFileSync(page(file), fresh);
  expect(readFileSync(page(file), "utf8")).toBe(fresh);
});
