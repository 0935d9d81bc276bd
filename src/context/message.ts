import { BytesperError } from "../base/errors.js";

export const MESSAGE_ROLES = ["system", "user", "assistant", "tool"] as const;
export type MessageRole = (typeof MESSAGE_ROLES)[number];

export interface ToolCall {
  id: string;
  name: string;
  /** As the model wrote them, usually JSON. */
  arguments: string;
}

export interface Message {
  role: MessageRole;
  content: string;
  /** Calls of tools; only in a message of the assistant. */
  toolCalls?: readonly ToolCall[];
  /** In a tool's message: the id of the call that it answers. Without it, the call is found by position. */
  toolCallId?: string;
  name?: string;
}

/** Checks a message before anything is stored. Throws `BAD_INPUT`. */
export function requireMessage(message: Message, index: number): void {
  const refuse = (what: string): never => {
    throw new BytesperError("BAD_INPUT", `Message ${index + 1} of the history ${what}.`);
  };
  const given = message as unknown;
  if (typeof given !== "object" || given === null || Array.isArray(given))
    refuse(
      `is ${given === null ? "null" : Array.isArray(given) ? "a list" : `a ${typeof given}`}; expected { role, content }`,
    );
  const fields = given as Record<string, unknown>;
  const { role, content, toolCalls, toolCallId } = fields;
  // These keys would be ignored and the calls not counted, so they are refused.
  for (const name of ["tool_calls", "tool_call_id"])
    if (Object.hasOwn(fields, name))
      refuse(`has ${name}, as chat interfaces write it; add fromChatMessage(message)`);
  if (!MESSAGE_ROLES.includes(role as MessageRole))
    refuse(`has the role ${JSON.stringify(role)}; expected one of ${MESSAGE_ROLES.join(", ")}`);
  if (typeof content !== "string")
    refuse(`has a content of type ${content === null ? "null" : typeof content}; expected a string`);
  if (toolCallId !== undefined && typeof toolCallId !== "string")
    refuse(`has a toolCallId of type ${typeof toolCallId}; expected a string`);
  if (toolCalls === undefined) return;
  if (role !== "assistant") refuse(`is of the role ${String(role)} and calls tools; only an assistant does`);
  if (!Array.isArray(toolCalls) || !toolCalls.every(isToolCall))
    refuse("has toolCalls that are not a list of { id, name, arguments }, each a string");
}

function isToolCall(call: unknown): boolean {
  const { id, name, arguments: text } = (call ?? {}) as Record<string, unknown>;
  return typeof id === "string" && typeof name === "string" && typeof text === "string";
}
