const SIZE = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d*)?)(?:[KMGTPE]i?B|[kKMGTPE]B|[Bb]ytes?|[KMGTPE]|B)`;
const WHOLE = String.raw`\d{1,3}(?:,\d{3})+|\d+`;

/**
 * Compiles a pattern for a text without white space (see view.ts): blanks in the pattern are for its reader.
 * `{size:NAME}` stands for a number with a unit, `{whole:NAME}` for a whole number, each as a named group.
 */
function compile(source: string, flags: string): RegExp {
  const compact = source
    .replaceAll(/\s+/g, "")
    .replaceAll(/\{size:(\w+)\}/g, (_, name: string) => `(?<${name}>${SIZE})`)
    .replaceAll(/\{whole:(\w+)\}/g, (_, name: string) => `(?<${name}>${WHOLE})`);
  return new RegExp(compact, flags);
}

/** A pattern to be found anywhere. */
export function anywhere(parts: TemplateStringsArray): RegExp {
  return compile(parts.raw.join(""), "dg");
}

/** A pattern that must match exactly where the reader stands. */
export function next(parts: TemplateStringsArray): RegExp {
  return compile(parts.raw.join(""), "dy");
}
