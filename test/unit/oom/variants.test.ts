import { describe, expect, test } from "vitest";
import { seededRandom, shuffled } from "../../../src/base/stats/random.js";
import type { Message, Random } from "./messages.js";
import { MESSAGES, pick, whole } from "./messages.js";
import type { Figures } from "./support.js";
import { figuresOf, recordsOf } from "./support.js";

const two = (value: number): string => value.toString().padStart(2, "0");
const clock = (random: Random): string =>
  `${two(whole(random, 0, 23))}:${two(whole(random, 0, 59))}:${two(whole(random, 0, 59))}`;

/** What loggers put before a line; the last three in no form that the reader knows. */
const PREFIXES: Record<string, (random: Random) => string> = {
  nothing: () => "",
  "Python's logging": (random) =>
    `2025-11-${two(whole(random, 1, 28))} ${clock(random)},${whole(random, 100, 999)} - ERROR: `,
  "an ISO time": (random) => `2025-11-10T${clock(random)}.${whole(random, 100, 999)}Z `,
  syslog: (random) => `Nov 10 ${clock(random)} host-7 app[${whole(random, 2, 9999)}]: `,
  Kubernetes: (random) => `2025-11-10T${clock(random)}.123456789Z stderr F `,
  Compose: () => "app-1  | ",
  "a rank": (random) => `[rank${whole(random, 0, 7)}]: `,
  "a process": (random) => `(Worker pid=${whole(random, 10, 9999)}) `,
  colours: () => "\u001b[31m",
  "a coloured level": (random) => `\u001b[2m${clock(random)}\u001b[0m \u001b[31mERROR\u001b[0m `,
  quoting: () => "> ",
  "a name of no known form": (random) => `node7/gpu${whole(random, 0, 9)}> `,
  "a count of no known form": (random) => `@@${whole(random, 1, 999)}@@ worker :: `,
  "a rank of no known form": (random) => `[1,${whole(random, 0, 9)}]<stderr>: `,
};

function byWords(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > width) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

function byColumns(line: string, width: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at === 0 || at < line.length; at += width) lines.push(line.slice(at, at + width));
  return lines;
}

const WRAPS: Record<string, (random: Random) => (line: string) => string[]> = {
  "not wrapped": () => (line) => [line],
  "wrapped at words": (random) => {
    const width = whole(random, 50, 120);
    return (line) => byWords(line, width);
  },
  "wrapped by a terminal": (random) => {
    const width = whole(random, 60, 130);
    return (line) => byColumns(line, width);
  },
};

interface Variant {
  text: string;
  expected: Figures;
}

/** A message as a log would hold it, among lines of another kind. */
function variant(
  { text, expected }: Message,
  prefix: (random: Random) => string,
  wrap: (line: string) => string[],
  random: Random,
): Variant {
  const step = (): string => `step ${whole(random, 1, 999)} of 1000, loss ${random().toFixed(4)}`;
  const before = Array.from({ length: whole(random, 0, 4) }, step);
  const after = Array.from({ length: whole(random, 0, 4) }, step);
  const lines = text.split("\n");
  const head = lines.slice(0, expected.line - 1).flatMap(wrap);
  const body = lines.slice(expected.line - 1).flatMap(wrap);
  const end = pick(random, ["\n", "\r\n"]);
  const all = [...before, ...head, ...body, ...after].map((line) => {
    const start = prefix(random);
    return start.includes("\u001b[31m") ? `${start}${line}\u001b[0m` : start + line;
  });
  return { text: all.join(end), expected: { ...expected, line: before.length + head.length + 1 } };
}

describe.each(Object.entries(MESSAGES))("%s", (name, message) => {
  test.each(Object.entries(WRAPS))(
    "reads alike %s, whatever stands before its lines",
    async (kind, wrapping) => {
      for (const [title, prefix] of Object.entries(PREFIXES)) {
        const random = seededRandom(
          Buffer.from(`${name} ${kind} ${title}`).reduce((sum, byte) => (sum * 31 + byte) | 0, 7),
        );
        for (let round = 0; round < 25; round += 1) {
          const { text, expected } = variant(message(random), prefix, wrapping(random), random);
          const found = (await recordsOf(text)).map(figuresOf);
          // Where a message begins in the middle of a wrapped line is a matter of taste.
          const lines = found.map((record) => ({ ...record, line: expected.line }));
          expect(lines, `${title}, round ${round}:\n${text}`).toEqual([expected]);
          if (kind === "not wrapped") expect(found[0]?.line, text).toBe(expected.line);
        }
      }
    },
  );
});

/** Far enough behind a message that a gate cannot take it for more of it. */
const QUIET = "\nall is well, the work goes on as it did before and nothing else is to be said of it".repeat(
  8,
);

test.each(Object.entries(MESSAGES))("%s is found whatever one line end parts", async (name, message) => {
  const { text, expected } = message(seededRandom(name.length + 40));
  const lost: string[] = [];
  for (let at = text.indexOf("\n") + 1; at < text.length; at += 1) {
    // Where a short line ends in a digit, nothing tells that the number goes on.
    if (/\d\d/.test(text.slice(at - 1, at + 1))) continue;
    const [found, ...more] = (await recordsOf(`${text.slice(0, at)}\n${text.slice(at)}${QUIET}`)).map(
      figuresOf,
    );
    const { line } = expected;
    if (more.length > 0 || JSON.stringify({ ...found, line }) !== JSON.stringify({ ...expected, line }))
      lost.push(`${text.slice(Math.max(0, at - 20), at)}|${text.slice(at, at + 20)}`);
  }
  expect(lost).toEqual([]);
});

test("a log of all messages in any order gives one record of each, on its line", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededRandom(seed);
    const messages = shuffled(Object.values(MESSAGES), random).map((make) => make(random));
    let line = 1;
    const expected = messages.map((message) => {
      const at = line + message.expected.line - 1;
      line += message.text.split("\n").length + 1;
      return { ...message.expected, line: at };
    });
    const found = (await recordsOf(messages.map(({ text }) => `${text}\n`).join("\n"))).map(figuresOf);
    expect(found).toEqual(expected);
  }
});

test("the place of each figure in the log holds the digits that were read", async () => {
  const random = seededRandom(5);
  for (const make of Object.values(MESSAGES)) {
    const log = Buffer.from(`é 12:00:00 start\n${make(random).text}\n`);
    for (const { textRanges, ranges, requestedBytes } of await recordsOf(log)) {
      for (const [from, to] of Object.values(textRanges))
        expect(log.subarray(from, to).toString()).toMatch(/^(?:anon-rss:)?\d[\d.,]*(?: ?\w+|kB.*)?$/);
      const asked = textRanges.requestedBytes;
      if (asked === undefined) continue;
      const [low = 0, high = 0] = ranges.requestedBytes ?? [];
      expect(requestedBytes).toBeGreaterThanOrEqual(low);
      expect(requestedBytes).toBeLessThanOrEqual(high);
    }
  }
});
