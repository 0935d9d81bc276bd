type Mark = [begins: RegExp, mark: RegExp];

/**
 * Groups the marks by the character codes with which they can begin, so that few are tried at each position.
 */
function byFirst(marks: readonly Mark[]): RegExp[][] {
  return Array.from({ length: 256 }, (_, code) =>
    marks.flatMap(([begins, mark]) => (begins.test(String.fromCharCode(code)) ? [mark] : [])),
  );
}

/**
 * What loggers, terminals and quoting put before a line. Marks in `first` stand only at the very start of it.
 */
const MARKS = {
  // Quoting ("> "), comments ("# ", "// "), and the sides of boxes, whose UTF-8 bytes are E2 94/95 xx.
  first: byFirst([
    [/[>#*/]/, /(?:[>#*]+|\/\/)\s/y],
    [/\xe2/, /(?:\xe2[\x94\x95][\x80-\xbf]\s?)+/y],
    // The sides and empty cells of a table.
    [/\|/, /(?:\|\s*)+/y],
  ]),
  any: byFirst([
    [/\s/, /\s+/y],
    // 2025-11-10 04:32:17,764   2025-11-10T04:32:17.764Z   [2025/11/10 04:32:17]
    [
      /[[\d]/,
      /\[?\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T _:]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?[\]:,]*/y,
    ],
    // 03-19 10:55:18   [11/20/25 10:00:00]
    [/[[\d]/, /\[?\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?[ T]\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\]?:?/y],
    [/[[\d]/, /\[?\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?(?:\s?[AP]M)?\]?:?(?=\s|$)/y],
    // Nov 10 04:32:17 host kernel:   [Tue Feb 20 19:15:36 2024]
    [
      /[A-Z]/,
      /(?:[A-Z][a-z]{2}\s)?[A-Z][a-z]{2}\s+\d{1,2}\s\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:\s\d{4})?\s[\w.-]+\s[\w./()@-]+(?:\[\d+\])?:(?=\s|$)/y,
    ],
    // I1103 18:23:55.103160 3413767 file.cc:361]
    [/[IWEFD]/, /[IWEFD]\d{4}\s\d{2}:\d{2}:\d{2}\.\d+\s+\d+(?=\s)/y],
    // Seconds since 1970 with a fraction.
    [/1/, /1\d{9}\.\d{3,}(?=\s)/y],
    // 1.06.520.077 E
    [/\d/, /\d+\.\d{2}\.\d{3}\.\d{3}\s[A-Z](?=\s)/y],
    [/[IWEFD]/, /[IWEFD]\s(?=\S+:\d+\])/y],
    [/[A-Z]/, /(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|FATAL(?! ERROR)|CRITICAL|SEVERE)\b[\]:|]?/y],
    // A tag such as [rank0]: or [serving_chat.py:677]. It must not match V8's [pid:address], a tensor's
    // shape, or [[{{node.
    [
      /\[/,
      /\[(?!\d+:(?:0x[\dA-Fa-f]+|[\dA-Fa-f]{6,})\])(?!enforce|ONNXRuntimeError|['"])(?![[{])(?!\d+(?:,\d+)+\]|\d+\]\s*and\b)[^\][\n]{0,80}\]:?/y,
    ],
    [/\(/, /\([\w.\s-]*\b(?:pid|rank)=[^)\n]{0,60}\):?/y],
    [/[tlsc]/, /(?:time|ts|level|lvl|stream|caller)=\S+(?=\s)/y],
    [/[me]/, /(?:msg|message|error)="?/y],
    // Docker Compose.
    [/[\w.-]/, /[\w.-]+\s+\|(?=\s|$)/y],
    [/s/, /std(?:out|err)\s[FP](?=\s)/y],
    [/[\w./\\-]/, /[\w./\\-]+\.\w{1,4}:\d+[\]:)]+/y],
  ]),
  // "name - ", "- ", "| ": only after one of the marks above, because a message may begin like this too.
  later: byFirst([
    [/[\w.]/, /[\w.]+(?::\w+)*(?::\d+)?\s[-|](?=\s)/y],
    [/[-|]/, /(?:-|\||--)(?=\s|$)/y],
  ]),
};

function longestAt(text: string, at: number, marks: readonly RegExp[][]): number {
  let longest = 0;
  for (const mark of marks[text.charCodeAt(at)] ?? []) {
    mark.lastIndex = at;
    longest = Math.max(longest, mark.exec(text)?.[0].length ?? 0);
  }
  return longest;
}

/** How many characters at the start of a line (as Latin-1) belong to a logger, by the known forms. */
export function knownPrefix(line: string): number {
  let at = longestAt(line, 0, MARKS.first);
  for (let round = 0; round < 12; round += 1) {
    let length = longestAt(line, at, MARKS.any);
    if (length === 0 && at > 0) length = longestAt(line, at, MARKS.later);
    if (length === 0) break;
    at += length;
  }
  return at;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** White space, or one of `: > | ] )`. */
const endsWord = (code: number): boolean =>
  code <= 0x20 || code === 0x3a || code === 0x3e || code === 0x7c || code === 0x5d || code === 0x29;

/**
 * Number of characters that a line has in common with the start of `reference`, cut back to the end of a
 * word. Any two runs of digits count as equal.
 */
export function sharedPrefix(reference: string, line: string): number {
  let other = 0;
  let at = 0;
  let shared = 0;
  while (at < line.length && other < reference.length) {
    const [here, there] = [line.charCodeAt(at), reference.charCodeAt(other)];
    if (isDigit(here) && isDigit(there)) {
      while (isDigit(line.charCodeAt(at))) at += 1;
      while (isDigit(reference.charCodeAt(other))) other += 1;
    } else if (here === there) {
      at += 1;
      other += 1;
      if (endsWord(here)) shared = at;
    } else break;
  }
  return line.slice(0, shared).trim().length >= 2 ? shared : 0;
}

/** Longest prefix that a logger is expected to write. */
const LONGEST_PREFIX = 90;

/**
 * The common beginning of most lines around a line, if a logger of unknown form wrote it: a wrapped message
 * has it on each of its lines. Undefined if the known forms cover as much.
 */
export function commonPrefix(line: string, others: readonly string[]): string | undefined {
  const begin = line.slice(0, LONGEST_PREFIX + 20);
  const shared = others.map((other) => sharedPrefix(other, begin)).sort((one, other) => other - one);
  // Three of four lines must share it; the others may come from another program.
  const most = shared[Math.floor((shared.length - 1) * 0.75)] ?? 0;
  // If the lines are equal for longer, they are the same sentence many times.
  if (most === 0 || most > LONGEST_PREFIX) return undefined;
  return most > knownPrefix(begin) ? begin.slice(0, most) : undefined;
}
