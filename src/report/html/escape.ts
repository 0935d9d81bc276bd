import { visible } from "../../base/table/visible.js";

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text for the inside of an element or of an attribute in quotes; characters that act are made visible. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A sentence in which code stands between backticks. */
export function prose(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

/**
 * A value as JSON for the inside of a script element. No text in it can end the element, open a comment or turn the
 * direction of what is read, whatever a result is called; the parsed value is the same.
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

/** The id of a table or figure of a section; the names of a section's tables differ, and so do those of its figures. */
export function partId(section: string, kind: "table" | "figure", name: string): string {
  return `${section}--${kind}-${plain(name)}`;
}

function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
}
