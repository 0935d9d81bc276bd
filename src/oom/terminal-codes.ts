const ESCAPE = String.fromCharCode(27);
const BELL = String.fromCharCode(7);

/**
 * Colour codes and other terminal sequences, as bytes or in the form of a JSON string, also without the
 * escape character.
 */
const TERMINAL = new RegExp(
  [
    `${ESCAPE}\\[[0-?]*[ -/]*[@-~]`,
    `${ESCAPE}\\][^${BELL}${ESCAPE}]{0,500}(?:${BELL}|${ESCAPE}\\\\)`,
    `${ESCAPE}[@-Z\\\\-_]`,
    String.raw`\\(?:u001[bB]|x1[bB]|033|e)\[[0-9;]*m`,
    String.raw`\^\[\[[0-9;]*m`,
    String.raw`\[(?:\d{1,3};)*\d{1,3}m`,
  ].join("|"),
  "g",
);

export function withoutCodes(line: string): string {
  return line.includes("[") || line.includes(ESCAPE) ? line.replaceAll(TERMINAL, "") : line;
}

/**
 * A line without terminal sequences. If there were any, also the original position of each remaining
 * character.
 */
export function plain(line: string): { text: string; places?: number[] } {
  if (!line.includes("[") && !line.includes(ESCAPE)) return { text: line };
  let text = "";
  const places: number[] = [];
  let from = 0;
  const keep = (to: number): void => {
    text += line.slice(from, to);
    for (let place = from; place < to; place += 1) places.push(place);
  };
  for (const code of line.matchAll(TERMINAL)) {
    keep(code.index);
    from = code.index + code[0].length;
  }
  if (from === 0) return { text: line };
  keep(line.length);
  return { text, places };
}
