import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { BytesperError } from "../../base/errors.js";
import { fileSuggestion } from "../../base/nearest-file.js";
import { fromChatMessage } from "../chat-message.js";
import type { Message } from "../message.js";

export interface Transcript {
  id: string;
  messages: Message[];
}

/**
 * Conversations of a file with one `{"conversation_id","messages":[{"role","content"}]}` a line. Messages may have
 * `tool_calls`, `tool_call_id` and `name`, as in OpenAI's chat interface. Throws `BAD_CONVERSATIONS` with the line.
 */
export async function readTranscripts(path: string): Promise<Transcript[]> {
  const transcripts: Transcript[] = [];
  const input = createReadStream(path, "utf8");
  try {
    let number = 0;
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      const text = (number === 1 ? line.replace(/^\ufeff/, "") : line).trim();
      if (text !== "") transcripts.push(transcriptOf(text, `${path}, line ${number}`, number));
    }
  } catch (error) {
    if (error instanceof BytesperError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw bad(
      `${path} ${missing ? `does not exist${fileSuggestion(path)}` : "cannot be read"}; give a file with one conversation a line.`,
      error,
    );
  }
  if (transcripts.length === 0) throw bad(`${path} holds no conversation; expected one JSON object a line.`);
  return transcripts;
}

function transcriptOf(line: string, where: string, number: number): Transcript {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw bad(`${where} is not JSON; expected {"conversation_id","messages":[{"role","content"}]}.`, error);
  }
  const { conversation_id: id, messages } = isRecord(value) ? value : {};
  if (!Array.isArray(messages) || messages.length === 0)
    throw bad(`${where} has no "messages", which must be a list of at least one {"role","content"}.`);
  return {
    id: typeof id === "string" && id !== "" ? id : `line ${number}`,
    messages: messages.map((message: unknown, index) => messageOf(message, `${where}: message ${index + 1}`)),
  };
}

function messageOf(value: unknown, where: string): Message {
  try {
    return fromChatMessage(value, where);
  } catch (error) {
    throw error instanceof BytesperError ? bad(error.message, error) : error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bad(message: string, cause?: unknown): BytesperError {
  return new BytesperError("BAD_CONVERSATIONS", message, { cause });
}
