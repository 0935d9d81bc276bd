import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Corpus } from "../../../src/corpus/corpus.js";
import { fileCorpus } from "../../../src/corpus/file.js";
import { realData } from "../../system/data.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
const file = join(folder, "chats.jsonl");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function corpusOf(...conversations: [role: string, content: string][][]): Corpus {
  const lines = conversations.map((messages, index) =>
    JSON.stringify({
      conversation_id: `c${index}`,
      messages: messages.map(([role, content]) => ({ role, content })),
    }),
  );
  writeFileSync(file, `${lines.join("\n")}\n`);
  return fileCorpus(file);
}

const THREE: [string, string][][] = [
  [
    ["user", "a1"],
    ["assistant", "a2"],
  ],
  [["user", "b1"]],
  [
    ["system", "c1"],
    ["tool", "c2"],
  ],
];

const contents = (corpus: Corpus, session: number, count: number): string[] =>
  corpus.messages(session, count).map(({ content }) => content);

test("session i takes conversation i and goes on with the next ones, wrapping round", () => {
  const corpus = corpusOf(...THREE);
  expect(contents(corpus, 0, 2)).toEqual(["a1", "a2"]);
  expect(contents(corpus, 1, 4)).toEqual(["b1", "c1", "c2", "a1"]);
  expect(contents(corpus, 2, 7)).toEqual(["c1", "c2", "a1", "a2", "b1", "c1", "c2"]);
  expect(contents(corpus, 4, 1)).toEqual(["b1"]);
});

test("roles are kept", () => {
  expect(
    corpusOf(...THREE)
      .messages(2, 3)
      .map(({ role }) => role),
  ).toEqual(["system", "tool", "user"]);
});

test("text comes back as it was, in one byte a character or two", () => {
  const texts = [
    "plain",
    "élève ÿ",
    "“curly”",
    "漢字 and 😀",
    "",
    "\u0000\u00ff\u0100",
    "lone \ud800 surrogate",
  ];
  const corpus = corpusOf(texts.map((text) => ["user", text]));
  expect(contents(corpus, 0, texts.length)).toEqual(texts);
  // 5 + 7 in one byte; "“curly”" 7, "漢字 and 😀" 9, three and sixteen characters in two.
  const bytes = texts.map((text) => (/[\u0100-\uffff]/.test(text) ? 2 : 1) * text.length);
  expect(corpus.textBytes(0, texts.length)).toBe(bytes.reduce((sum, value) => sum + value, 0));
});

test("a text of several million characters comes back whole", () => {
  const long = "0123456789".repeat(300_000);
  const wide = `${long}ł`;
  const corpus = corpusOf([
    ["user", long],
    ["user", wide],
  ]);
  expect(contents(corpus, 0, 2)).toEqual([long, wide]);
});

test("a character that two chunks of the file share is read whole", () => {
  // The reader takes 1 MiB at a time; the text of 2-byte characters puts one across the border.
  const text = "é".repeat(700_000);
  expect(contents(corpusOf([["user", text]]), 0, 1)).toEqual([text]);
});

const REAL: [name: string, conversations: number][] = [
  ["chat-mtbench-answers", 640],
  ["chat-oasst-en100", 368],
  ["tool-tau-bench-airline", 186],
  ["tool-swe-agent", 22],
];

for (const [name, conversations] of REAL) {
  test(`real conversations are read: ${name}`, ({ skip }) => {
    const { path, missing } = realData(`conversations/${name}.jsonl`);
    if (missing !== undefined) skip(missing);
    const corpus = fileCorpus(path);
    // After all conversations the first begins again.
    expect(contents(corpus, conversations, 2)).toEqual(contents(corpus, 0, 2));
    expect(contents(corpus, conversations - 1, 2)).not.toEqual(contents(corpus, 0, 2));
  });
}

test("more conversations, and more messages in one, than a call may have arguments", () => {
  const line = (count: number): string =>
    `{"messages":[${'{"role":"user","content":"a"},'.repeat(count - 1)}{"role":"user","content":"b"}]}\n`;
  writeFileSync(file, line(1).repeat(130_000) + line(130_000));
  const corpus = fileCorpus(file);
  expect(contents(corpus, 129_999, 1)).toEqual(["b"]);
  expect(contents(corpus, 130_000, 130_000).at(-1)).toBe("b");
});

test("a line without an end is refused at its limit, with its number", () => {
  writeFileSync(file, '{"messages":[{"role":"user","content":"a"}]}\n');
  // The rest is a hole, which takes no place on the disk.
  truncateSync(file, 2 ** 26 + 2 ** 22);
  expect(() => fileCorpus(file)).toThrow("line 2 has more than 67,108,864 characters;");
});
