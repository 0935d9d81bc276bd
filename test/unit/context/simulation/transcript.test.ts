import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readTranscripts } from "../../../../src/context/simulation/transcript.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-transcripts-"));
const path = join(folder, "file.jsonl");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function written(text: string): string {
  writeFileSync(path, text);
  return path;
}

test("conversations with calls as chat interfaces write them", async () => {
  const conversation = {
    conversation_id: "one",
    messages: [
      { role: "system", content: "rules" },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "text", text: "there" },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "find", arguments: '{"x":1}' } }],
      },
      { role: "tool", content: "found", tool_call_id: "a", name: "find" },
    ],
  };
  expect(await readTranscripts(written(JSON.stringify(conversation)))).toEqual([
    {
      id: "one",
      messages: [
        { role: "system", content: "rules" },
        { role: "user", content: "look\nthere" },
        { role: "assistant", content: "", toolCalls: [{ id: "a", name: "find", arguments: '{"x":1}' }] },
        { role: "tool", content: "found", toolCallId: "a", name: "find" },
      ],
    },
  ]);
});

test("a byte-order mark, CRLF and blank lines are accepted, and a conversation without an id gets its line", async () => {
  const line = '{"messages":[{"role":"user","content":"a"}]}';
  const transcripts = await readTranscripts(written(`\ufeff${line}\r\n\r\n${line}\r\n`));
  expect(transcripts.map(({ id }) => id)).toEqual(["line 1", "line 3"]);
});

test.each([
  ["", /holds no conversation; expected one JSON object a line\.$/],
  ['{"messages":[', /line 1 is not JSON; expected/],
  ["\u0000\u0001\u0002", /line 1 is not JSON/],
  ['{"messages":[]}', /line 1 has no "messages"/],
  ["[1]", /line 1 has no "messages"/],
  ['{"messages":[{"role":"user"}]}', /line 1: message 1 has no content; its "content" must be a string/],
  ['{"messages":[{"role":"assistant","content":null}]}', /has null as its content/],
  ['{"messages":[{"role":"wizard","content":"a"}]}', /has the role "wizard"; expected one of system, user/],
  [
    '{"messages":[{"role":"assistant","content":"","tool_calls":[{"id":1}]}]}',
    /has a tool call without an id or a name/,
  ],
])("what is none is one sentence: %j", async (text, sentence) => {
  await expect(readTranscripts(written(text))).rejects.toThrow(sentence);
});

test.each([
  [() => join(folder, "missing.jsonl"), /does not exist; give a file with one conversation a line\.$/],
  [() => folder, /cannot be read; give a file with one conversation a line\.$/],
])("a path without a file is one sentence: %#", async (where, sentence) => {
  await expect(readTranscripts(where())).rejects.toThrow(sentence);
});
