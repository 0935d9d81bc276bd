import type { Filling } from "./fill.js";
import { fillingOf } from "./fill.js";
import type { NumberText } from "./numbers-file.js";
import { macroName, numberOf } from "./numbers-file.js";
import type { Marker } from "./marker.js";
import type { PaperFile } from "./paper-file.js";
import type { Problem } from "./problem.js";
import { MarkerError } from "./problem.js";
import type { Results } from "./results.js";
import { staleAt } from "./stale.js";
import { latin1 } from "./text.js";

/** A paper with all its markers filled, and the problems that were found. */
export interface FilledPaper {
  paper: PaperFile;
  after: Buffer;
  broken: Problem[];
  /** Content that differs from the results. */
  stale: Problem[];
  /** Numbers whose readings no longer exist. */
  untraceable: Problem[];
  notices: Problem[];
  numbers: Map<string, { number: NumberText; line: number }>;
  counts: Record<Marker["kind"] | "macro", number>;
}

/** Fills a paper in memory. Never throws: lists each problem with its place. */
export function fillPaper(paper: PaperFile, results: Results): FilledPaper {
  const { name, source, bytes } = paper;
  const text = bytes.toString("latin1");
  const filled: FilledPaper = {
    paper,
    after: bytes,
    broken: [...source.problems],
    stale: [],
    untraceable: [],
    notices: [],
    numbers: new Map(),
    counts: { table: 0, value: 0, figure: 0, macro: 0 },
  };
  const parts: string[] = [];
  let end = 0;
  for (const marker of source.markers) {
    const filling = attempt(filled, marker.line, () => fillingOf(marker, results, paper.format, paper.path));
    if (filling === undefined) continue;
    const { content } = filling;
    note(filled, marker.line, `bytesper:${marker.kind} ${marker.words}`, filling, results);
    filled.counts[marker.kind]++;
    const now = text.slice(marker.start, marker.end);
    const wanted = latin1(content);
    if (now !== wanted) filled.stale.push({ file: name, ...staleAt(marker, now, wanted) });
    parts.push(text.slice(end, marker.start), wanted);
    end = marker.end;
  }
  parts.push(text.slice(end));
  filled.after = Buffer.from(parts.join(""), "latin1");
  for (const { key, line } of source.macros) {
    const number = attempt(filled, line, () => numberOf(key, results));
    if (number === undefined) continue;
    filled.counts.macro++;
    if (filled.numbers.has(macroName(key))) continue;
    note(filled, line, `\\bytesper{${key}}`, number, results);
    filled.numbers.set(macroName(key), { number, line });
  }
  return filled;
}

function note(
  { paper: { name: file }, notices, untraceable }: FilledPaper,
  line: number,
  marker: string,
  { notice, result }: Pick<Filling, "notice" | "result">,
  results: Results,
): void {
  if (notice !== undefined) notices.push({ file, line, message: `${marker}: ${notice}` });
  const lost = results.untraceable(result);
  if (lost !== undefined) untraceable.push({ file, line, message: `${marker} cannot be traced: ${lost}.` });
}

function attempt<T>({ paper, broken }: FilledPaper, line: number, make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MarkerError)) throw error;
    broken.push({ file: paper.name, line, message: error.message });
    return undefined;
  }
}
