import { BytesperError } from "../base/errors.js";
import type { Message, MessageRole, ToolCall } from "./message.js";
import { MESSAGE_ROLES } from "./message.js";

/** A message in the format of OpenAI's chat interface, which many others use. */
export interface ChatMessage {
  role: MessageRole;
  content: string;
  tool_calls?: { id: string; type: "function"; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
  name?: string;
}

/** Converts a message for sending to a model. */
export function toChatMessage({ role, content, toolCalls, toolCallId, name }: Message): ChatMessage {
  return {
    role,
    content,
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls.map(toChatCall) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
    ...(name === undefined ? {} : { name }),
  };
}

function toChatCall({ id, name, arguments: text }: ToolCall): NonNullable<ChatMessage["tool_calls"]>[number] {
  return { id, type: "function", function: { name, arguments: text } };
}

/**
 * Converts a message from a model or a log. A content of several parts becomes one text; null content with
 * calls becomes an empty text. Throws `BAD_INPUT` for anything else; the sentence begins with `where`.
 */
export function fromChatMessage(value: unknown, where = "The message"): Message {
  const { role, content, tool_calls: calls, tool_call_id: answered, name } = isRecord(value) ? value : {};
  if (!MESSAGE_ROLES.includes(role as MessageRole))
    throw bad(
      `${where} has ${role === undefined ? "no role" : `the role ${JSON.stringify(role)}`}; expected one of ${MESSAGE_ROLES.join(", ")}.`,
    );
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

/** A text, or the joined texts of its parts. A message that calls a tool may have no text. */
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

function bad(message: string): BytesperError {
  return new BytesperError("BAD_INPUT", message);
}
