const SIZE = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d*)?)(?:[kKMGTPE]i?[Bb]|[mgt]i?b|[Bb]ytes?|(?:[Kk]ilo|[Mm]ega|[Gg]iga|[Tt]era)bytes?|[KMGTPE]i?|B)`;
const WHOLE = String.raw`\d{1,3}(?:,\d{3})+|\d+`;

/**
 * Compiles a pattern for a text without white space (see view.ts). Blanks in the pattern only make it
 * readable and are removed. `{size:NAME}` stands for a number with a unit, `{whole:NAME}` for a whole number;
 * both become named groups.
 */
export function compile(source: string, flags: string): RegExp {
  const compact = source
    .replaceAll(/\s+/g, "")
    .replaceAll(/\{size:(\w+)\}/g, (_, name: string) => `(?<${name}>${SIZE})`)
    .replaceAll(/\{whole:(\w+)\}/g, (_, name: string) => `(?<${name}>${WHOLE})`);
  return new RegExp(compact, flags);
}

export function anywhere(parts: TemplateStringsArray): RegExp {
  return compile(parts.raw.join(""), "dg");
}

export function next(parts: TemplateStringsArray): RegExp {
  return compile(parts.raw.join(""), "dy");
}
