import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { BytesperError } from "../base/errors.js";
import { fileSuggestion } from "../base/nearest-file.js";
import type { Corpus, CorpusMessage, Role } from "./corpus.js";
import { ROLES } from "./corpus.js";
import { TextStore } from "./text-store.js";

/**
 * Conversations of a file with one `{"conversation_id","messages":[{"role","content"}]}` a line. Session i begins
 * with conversation i and continues with the next ones until it has enough messages; after the last conversation
 * comes the first. Throws `BAD_CONVERSATIONS` with the line number.
 */
export function fileCorpus(path: string): Corpus {
  const texts = new TextStore();
  const roles: number[] = [];
  /** Index of the first message of each conversation. */
  const starts: number[] = [];
  for (const { number, text } of linesOf(path)) {
    const messages = messagesOf(text, `${path}, line ${number}`);
    starts.push(texts.count);
    for (const { role, content } of messages) {
      texts.add(content);
      roles.push(ROLES.indexOf(role));
    }
  }
  if (starts.length === 0) throw bad(`${path} holds no conversation; expected one JSON object a line.`);

  const first = (session: number): number => starts[session % starts.length] as number;
  return {
    name: basename(path),
    messages(session, count) {
      const messages = new Array<CorpusMessage>(count);
      let source = first(session);
      for (let index = 0; index < count; index++) {
        messages[index] = { role: ROLES[roles[source] as number] as Role, content: texts.copy(source) };
        source = (source + 1) % texts.count;
      }
      return messages;
    },
    textBytes(session, count) {
      let bytes = 0;
      let source = first(session);
      for (let index = 0; index < count; index++) {
        bytes += texts.bytes(source);
        source = (source + 1) % texts.count;
      }
      return bytes;
    },
  };
}

function messagesOf(line: string, where: string): CorpusMessage[] {
  let conversation: unknown;
  try {
    conversation = JSON.parse(line);
  } catch (error) {
    throw bad(`${where} is not JSON; expected {"conversation_id","messages":[{"role","content"}]}.`, error);
  }
  const messages = isRecord(conversation) ? conversation.messages : undefined;
  if (!Array.isArray(messages) || messages.length === 0) {
    throw bad(`${where} has no "messages", which must be a list of at least one {"role","content"}.`);
  }
  return messages.map((message: unknown, index) => {
    const { role, content } = isRecord(message) ? message : {};
    if (typeof content !== "string") {
      const came =
        content === undefined
          ? "no content"
          : content === null
            ? "null as its content"
            : `a content of type ${typeof content}`;
      throw bad(
        `${where}: message ${index + 1} has ${came}; its "content" must be a string (a pure tool call may have "").`,
      );
    }
    if (!ROLES.includes(role as Role)) {
      throw bad(
        `${where}: message ${index + 1} has ${role === undefined ? "no role" : `the role ${JSON.stringify(role)}`}; expected one of ${ROLES.join(", ")}.`,
      );
    }
    return { role: role as Role, content };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const CHUNK_BYTES = 1 << 20;
/** Far more than a model takes; without a limit, a file without newlines would fill the memory. */
const LONGEST_LINE = 2 ** 26;

/** Lines that are not blank, with their numbers. A byte order mark and CRLF are accepted. */
function* linesOf(path: string): Generator<{ number: number; text: string }> {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw bad(
      `${path} ${missing ? `does not exist${fileSuggestion(path)}` : "cannot be read"}; give a file with one conversation a line.`,
      error,
    );
  }
  try {
    const decoder = new StringDecoder("utf8");
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const parts: string[] = [];
    let number = 1;
    let held = 0;
    for (;;) {
      const length = readChunk(descriptor, chunk, path);
      const pieces = (length === 0 ? decoder.end() : decoder.write(chunk.subarray(0, length))).split("\n");
      const rest = pieces.pop() ?? "";
      for (const piece of pieces) {
        parts.push(piece);
        const text = cleaned(parts.join(""), number);
        parts.length = 0;
        held = 0;
        if (text !== "") yield { number, text };
        number++;
      }
      parts.push(rest);
      held += rest.length;
      if (held > LONGEST_LINE)
        throw bad(
          `${path}, line ${number} has more than ${LONGEST_LINE.toLocaleString("en-US")} characters; give a file with one conversation a line.`,
        );
      if (length === 0) {
        const text = cleaned(parts.join(""), number);
        if (text !== "") yield { number, text };
        return;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

function cleaned(line: string, number: number): string {
  return (number === 1 ? line.replace(/^\ufeff/, "") : line).trim();
}

function readChunk(descriptor: number, chunk: Buffer, path: string): number {
  try {
    return readSync(descriptor, chunk);
  } catch (error) {
    throw bad(`${path} cannot be read; give a file with one conversation a line.`, error);
  }
}

function bad(message: string, cause?: unknown): BytesperError {
  return new BytesperError("BAD_CONVERSATIONS", message, { cause });
}
