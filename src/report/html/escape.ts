import { visible } from "../../base/table/visible.js";

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes a text for use inside an element or a quoted attribute, and makes control characters visible. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** Escapes a sentence and turns text between backticks into code. */
export function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

/**
 * A value as JSON for the inside of a script element. No text in it can end the element, open a comment or
 * change the direction of reading, whatever the names in a result are. Parsing gives the same value.
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]|\p{Cf}/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

/** The id of an experiment's section: letters, digits and hyphens. */
export function sectionId(experiment: string): string {
  return `experiment--${plain(experiment)}`;
}

/**
 * The id of a table or figure in a section. The tables of a section have different names, and so have its
 * figures.
 */
export function partId(section: string, kind: "table" | "figure", name: string): string {
  return `${section}--${kind}-${plain(name)}`;
}

function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
}
