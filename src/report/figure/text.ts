/** Font families that nearly every system has, widest first. DejaVu Sans and Verdana have the same widths. */
export const FONT_STACK = "'DejaVu Sans', Verdana, Arial, Helvetica, sans-serif";

export type Weight = "normal" | "bold";

type Measure = (text: string, size: number, weight: Weight) => number;

let measure: Measure = () => {
  throw new Error("nothing measures texts yet");
};

/** Sets what knows the widths of texts: the font's tables for files, a canvas on the page. */
export function measureWith(own: Measure): void {
  measure = own;
}

/** Width of a text, pt. */
export function textWidth(text: string, size: number, weight: Weight = "normal"): number {
  return measure(text, size, weight);
}

/**
 * Breaks a text into lines of at most `width` pt. A longer word gets its own line and is cut with an
 * ellipsis.
 */
export function wrap(text: string, width: number, size: number, weight: Weight = "normal"): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (textWidth(longer, size, weight) <= width || line === "") line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== "") lines.push(line);
  return lines.map((each) => shortened(each, width, size, weight));
}

/** Cuts a text to `width` pt and puts an ellipsis in place of the rest. */
function shortened(text: string, width: number, size: number, weight: Weight = "normal"): string {
  if (textWidth(text, size, weight) <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size, weight) > width)
    characters.pop();
  return `${characters.join("")}…`;
}
