import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { BytesperError } from "../../errors.js";
import type { Message, MessageRole, ToolCall } from "../message.js";
import { MESSAGE_ROLES } from "../message.js";

/** A conversation that took place. */
export interface Transcript {
  id: string;
  messages: Message[];
}

/**
 * Conversations of a file with one `{"conversation_id","messages":[{"role","content"}]}` a line; messages may have
 * `tool_calls`, `tool_call_id` and `name` as chat interfaces write them. Throws `BAD_CONVERSATIONS` with the line.
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
      `${path} ${missing ? "does not exist" : "cannot be read"}; give a file with one conversation a line.`,
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
  const { role, content, tool_calls: calls, tool_call_id: answered, name } = isRecord(value) ? value : {};
  if (!MESSAGE_ROLES.includes(role as MessageRole))
    throw bad(`${where} has the role ${JSON.stringify(role)}; expected one of ${MESSAGE_ROLES.join(", ")}.`);
  const toolCalls =
    role === "assistant" && Array.isArray(calls) ? calls.map((call) => callOf(call, where)) : [];
  return {
    role: role as MessageRole,
    content: textOf(content, toolCalls.length > 0, where),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    ...(role === "tool" && typeof answered === "string" ? { toolCallId: answered } : {}),
    ...(typeof name === "string" ? { name } : {}),
  };
}

/** A text, or the texts of its parts; what calls a tool may say nothing. */
function textOf(content: unknown, mayBeNothing: boolean, where: string): string {
  if (typeof content === "string") return content;
  if (content == null && mayBeNothing) return "";
  if (Array.isArray(content) && content.every((part) => isRecord(part) && typeof part.text === "string"))
    return content.map((part) => (part as { text: string }).text).join("\n");
  const came =
    content === undefined
      ? "no content"
      : content === null
        ? "null as its content"
        : `a content of type ${typeof content}`;
  throw bad(`${where} has ${came}; its "content" must be a string (a pure tool call may have "").`);
}

function callOf(value: unknown, where: string): ToolCall {
  const { id, function: named } = isRecord(value) ? value : {};
  const { name, arguments: text = "" } = isRecord(named) ? named : isRecord(value) ? value : {};
  if (typeof id !== "string" || typeof name !== "string")
    throw bad(`${where} has a tool call without an id or a name; each of "tool_calls" needs both.`);
  return { id, name, arguments: typeof text === "string" ? text : JSON.stringify(text) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function bad(message: string, cause?: unknown): BytesperError {
  return new BytesperError("BAD_CONVERSATIONS", message, { cause });
}
