import type { Message, ToolCall } from "./message.js";

/** The history is not changed by a problem. */
export interface Problem {
  name: "result-without-call" | "second-result" | "call-without-result" | "summary-failed";
  /** Index of the message in the history, from 0. */
  index?: number;
  message: string;
}

/**
 * One generation of the model: the messages before the answer, the answer, and the results of its calls,
 * wherever they stand. It is dropped as a whole or not at all, so that a call and its result stay together.
 */
export interface Exchange {
  /** Number of the generation, from 1. */
  readonly turn: number;
  readonly members: number[];
  /** The members that are results of tools. */
  readonly results: number[];
  readonly calls: Call[];
  answered: boolean;
}

interface Call extends Pick<ToolCall, "id" | "name"> {
  index: number;
  answered: boolean;
}

/** Finds the exchange of each new message. */
export class Exchanges {
  readonly list: Exchange[] = [];
  readonly problems: Problem[] = [];
  /** The system's first messages; they belong to no exchange. */
  readonly preamble: number[] = [];
  /** Messages of the latest request. */
  request: readonly number[] = [];
  readonly #calls = new Map<string, { exchange: Exchange; call: Call }>();
  readonly #toolNames = new Map<number, string>();
  readonly #turns: number[] = [];
  #lastRole: Message["role"] | undefined;

  /** Number of the next generation. */
  get nextTurn(): number {
    const last = this.list.at(-1);
    if (last === undefined) return 1;
    return last.answered ? last.turn + 1 : last.turn;
  }

  /** The problem that this message would cause if it were added. */
  problemOf(message: Message, index: number): Problem | undefined {
    return message.role === "tool" ? this.#match(message, index).problem : undefined;
  }

  add(message: Message, index: number): void {
    const { role, toolCalls = [] } = message;
    this.#turns[index] = 0;
    if (role === "system" && this.list.length === 0) this.preamble.push(index);
    else if (role === "tool") this.#addResult(message, index);
    else {
      const exchange = this.#open(role);
      exchange.members.push(index);
      this.#turns[index] = exchange.turn;
      if (role === "user") this.request = this.#lastRole === "user" ? [...this.request, index] : [index];
      for (const { id, name } of toolCalls) {
        const call = { id, name, index, answered: false };
        exchange.calls.push(call);
        this.#calls.set(id, { exchange, call });
      }
    }
    this.#lastRole = role;
  }

  toolName(index: number): string | undefined {
    return this.#toolNames.get(index);
  }

  /** The turn of a message; 0 for the system's first messages. */
  turnOf(index: number): number {
    return this.#turns[index] ?? 0;
  }

  /** Calls of an exchange that have no result although the model has continued. */
  unanswered(exchange: Exchange): Problem[] {
    if (exchange === this.list.at(-1)) return [];
    return exchange.calls
      .filter(({ answered }) => !answered)
      .map(({ id, index, name }) => ({
        name: "call-without-result",
        index,
        message: `Message ${index + 1} calls ${name} (${id}), and no result answers it.`,
      }));
  }

  /** The exchange to which a message of this role belongs. */
  #open(role: Message["role"]): Exchange {
    const last = this.list.at(-1);
    const answered = role === "assistant";
    // A request after an answer, and a second answer, belong to the next generation.
    if (last !== undefined && !last.answered) {
      last.answered = answered;
      return last;
    }
    const exchange = { turn: (last?.turn ?? 0) + 1, members: [], results: [], calls: [], answered };
    this.list.push(exchange);
    return exchange;
  }

  #addResult(message: Message, index: number): void {
    const { exchange = this.list.at(-1) ?? this.#open("tool"), call, problem } = this.#match(message, index);
    if (problem !== undefined) this.problems.push(problem);
    exchange.members.push(index);
    exchange.results.push(index);
    this.#turns[index] = exchange.turn;
    if (call !== undefined) call.answered = true;
    const name = message.name ?? call?.name;
    if (name !== undefined) this.#toolNames.set(index, name);
  }

  /** The call that a result answers: found by its id, otherwise by its position. */
  #match(
    { toolCallId: id }: Message,
    index: number,
  ): { exchange?: Exchange; call?: Call; problem?: Problem } {
    const known = id === undefined ? undefined : this.#calls.get(id);
    if (known !== undefined) {
      if (!known.call.answered) return known;
      const message = `Message ${index + 1} is a second result of the call ${id ?? ""}; both are kept.`;
      return { ...known, problem: { name: "second-result", index, message } };
    }
    const last = this.list.at(-1);
    const follows = this.#lastRole === "assistant" || this.#lastRole === "tool";
    if (last?.answered === true && follows && (id === undefined || last.calls.length === 0)) {
      const call = last.calls.find(({ answered }) => !answered);
      return call === undefined ? { exchange: last } : { exchange: last, call };
    }
    const why = id === undefined ? "no call stands before it" : `no call has the id ${id}`;
    const message = `Message ${index + 1} is a tool's result, and ${why}; it is kept where it stands.`;
    return { problem: { name: "result-without-call", index, message } };
  }
}
