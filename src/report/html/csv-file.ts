import type { CsvFile } from "./page-data.js";

const LINE_END = "\r\n";

/** Splits a CSV text into lines. No field contains a line end, so each line is one record. */
export function csvFile(name: string, text: string): CsvFile {
  const [head = "", ...records] = text.split(LINE_END).slice(0, -1);
  const ending = commonEnding(records);
  const cut = records.map((record) => record.slice(0, record.length - ending.length));
  return { name, lines: [head, ...cut], ending };
}

/** Restores the text that `csvFile` was given. */
export function csvText({ lines: [head = "", ...records], ending }: CsvFile): string {
  return [head, ...records.map((record) => record + ending)].map((line) => line + LINE_END).join("");
}

function commonEnding([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) {
    let same = 0;
    while (same < length && first.at(-1 - same) === other.at(-1 - same) && same < other.length) same++;
    length = same;
  }
  return first.slice(first.length - length);
}
