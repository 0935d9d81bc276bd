import { BytesperError } from "../base/errors.js";
import type { Pruned } from "./announcements.js";
import { announcementForms, laterPageLine } from "./announcements.js";
import { CHAT_FORMAT, TokenCounter } from "./chat-format.js";
import type { Problem } from "./exchanges.js";
import { Exchanges } from "./exchanges.js";
import type { Message } from "./message.js";
import { requireMessage } from "./message.js";
import { pagesOf } from "./pages.js";
import type { Going } from "./plan.js";
import { Planner } from "./plan.js";
import { composePrompt } from "./prompt.js";
import { Room } from "./room.js";
import { GONE, NOTICE, PAGE, Shown } from "./shown.js";
import { askForSummary } from "./summary.js";
import { Texts } from "./texts.js";
import type { Generation, HistoryOptions, Postponed, Turn } from "./turn.js";
import { requireOptions } from "./turn.js";
import { Warnings } from "./warnings.js";

interface Waiting {
  message: Message;
  pinned: boolean;
}

const SAVE_HINT = "Save what you still need as an observation.";

/**
 * A conversation under a token budget. `add` keeps every message for good; `next` decides what the model is shown of
 * them. What was once let go stays so, and each text is counted once.
 */
export class History {
  readonly generations: Generation[] = [];
  readonly #options: HistoryOptions;
  readonly #exchanges = new Exchanges();
  readonly #texts: Texts;
  readonly #planner: Planner;
  readonly #pinned = new Set<number>();
  #shown = new Shown();
  readonly #warnings = new Warnings();
  readonly #saveHint: string;
  readonly #room: Room;
  /** Messages that come while a turn is being made. */
  #waiting: Waiting[] | undefined;
  #manualSaves = 0;
  /** What of the problems an earlier turn has told. */
  #told = { problems: 0, turns: 0 };

  /** Throws `USAGE` without a tokenizer or a policy. */
  constructor(options: HistoryOptions) {
    requireOptions(options);
    this.#options = options;
    const counter = new TokenCounter(options.tokenizer, options.format ?? CHAT_FORMAT);
    this.#texts = new Texts(counter, (index) => this.#exchanges.toolName(index));
    this.#planner = new Planner(this.#exchanges, options.policy, {
      noticeTokens: (index) => this.#texts.notice(index).tokens,
      wholeTokens: (index) => this.#texts.wholeTokens(index),
      pageTokens: (index, most, postponed) => this.#texts.firstPage(index, most, postponed).tokens,
      gapTokens: () => this.#texts.gap().tokens,
      isPinned: (index) => this.#pinned.has(index),
      isUser: (index) => this.#texts.message(index).role === "user",
    });
    this.#saveHint = options.saveHint ?? SAVE_HINT;
    this.#room = new Room(options.policy, {
      planner: this.#planner,
      texts: this.#texts,
      exchanges: this.#exchanges,
      warnings: this.#warnings,
      saveHint: this.#saveHint,
    });
  }

  /** All messages as they came. */
  get messages(): readonly Message[] {
    return this.#texts.messages;
  }

  /** Everything that is odd about the messages so far. */
  get problems(): Problem[] {
    return [
      ...this.#exchanges.problems,
      ...this.#exchanges.list.flatMap((turn) => this.#exchanges.unanswered(turn)),
    ];
  }

  /**
   * Adds a message and answers its place. Nothing is counted yet. Throws `BAD_INPUT` for what is no message, and for a
   * result without its call where the options say so and no turn is being made.
   *
   * @param options.pinned never let go, nor the turn that it belongs to
   */
  add(message: Message, { pinned = false }: { pinned?: boolean } = {}): number {
    const index = this.#texts.messages.length + (this.#waiting?.length ?? 0);
    requireMessage(message, index);
    if (this.#waiting !== undefined) {
      this.#waiting.push({ message: { ...message }, pinned });
      return index;
    }
    if (this.#options.orphans === "refuse") {
      const problem = this.#exchanges.problemOf(message, index);
      if (problem !== undefined)
        throw new BytesperError("BAD_INPUT", problem.message.replace(/; .*/, "; it was not added."));
    }
    this.#append({ ...message }, pinned);
    return index;
  }

  /** Says that the model saved something, where no `observations` are counted. */
  saved(): void {
    this.#manualSaves++;
  }

  /**
   * Makes the next prompt. Throws `TokenizerFailed` and `CapacityTooSmall`, after which everything is as it was, and
   * `USAGE` while another turn is being made.
   */
  async next(): Promise<Turn> {
    if (this.#waiting !== undefined)
      throw new BytesperError("USAGE", "A turn is being made already; await it before the next one.");
    const waiting: Waiting[] = [];
    this.#waiting = waiting;
    try {
      return await this.#make();
    } finally {
      this.#waiting = undefined;
      for (const { message, pinned } of waiting) this.#append(message, pinned);
    }
  }

  /** How a message stands in the latest prompt. */
  stateOf(index: number): "whole" | "first page" | "notice" | "gone" {
    const state = this.#shown.state(index);
    if (index >= this.#shown.length) return "whole";
    return state === PAGE ? "first page" : state === NOTICE ? "notice" : state === GONE ? "gone" : "whole";
  }

  /** Tokens of a message's own text that the latest prompt shows; a notice in its place shows none. */
  keptTokens(index: number): number {
    const state = this.stateOf(index);
    if (state === "whole") return this.tokensOf(index);
    return state === "first page" ? this.#shown.cost(index) : 0;
  }

  /** What stands for summarised turns, and its tokens. */
  get summary(): { text: string; tokens: number } | undefined {
    return this.#shown.summary;
  }

  /** Tokens of a message with its whole text. Throws `TokenizerFailed`. */
  tokensOf(index: number): number {
    this.#requireIndex(index);
    return this.#texts.wholeTokens(index);
  }

  /**
   * A page of a message, for a tool that the model reads on with. Throws `USAGE` for a page that is not there.
   *
   * @param page from 1
   * @param tokens of one page; as many as the first page that is shown, else 1,000
   */
  page(index: number, page: number, tokens?: number): string {
    this.#requireIndex(index);
    const most = this.#shown.pageTokens.get(index);
    const waits = this.#shown.postponed.has(index);
    const size = tokens ?? (most === undefined ? 1000 : this.#texts.firstPage(index, most, waits).bodyTokens);
    const pages = pagesOf(this.#texts.message(index).content, size, (text) => this.#texts.counter.text(text));
    const text = pages[page - 1];
    if (text !== undefined) return `${laterPageLine(page, pages.length)}\n${text}`;
    throw new BytesperError(
      "USAGE",
      `Message ${index + 1} has ${pages.length} pages and no page ${page}; ask for one from 1 to ${pages.length}.`,
    );
  }

  #requireIndex(index: number): void {
    if (this.#texts.messages[index] !== undefined) return;
    throw new BytesperError(
      "USAGE",
      `There is no message ${index}; the history has ${this.messages.length}.`,
    );
  }

  #append(message: Message, pinned: boolean): void {
    const index = this.#texts.messages.push(message) - 1;
    this.#exchanges.add(message, index);
    if (pinned) this.#pinned.add(index);
  }

  /** One turn on copies, which take the place of what they were copied from when nothing has thrown. */
  async #make(): Promise<Turn> {
    const turn = this.#exchanges.nextTurn;
    const shown = this.#shown.copy(this.messages.length);
    this.#planner.restore(shown);
    for (let index = shown.length; index < this.messages.length; index++)
      shown.push(this.#texts.wholeTokens(index), this.#exchanges.turnOf(index));
    this.#planner.cap(shown, this.#shown.length);

    const problems = this.#newProblems();
    const going = this.#planner.clearLeftOver(shown);
    going.push(...(await this.#followRules(shown, problems)));
    going.push(...this.#room.fit(shown, this.#shown.length, going.length > 0));
    const postponed = [...shown.postponed].map((index) => this.#postponed(shown, index));
    const pruned = going.map((each) => this.#described(each, this.#warnings.isAnnounced(each.part)));
    const ahead = this.#lookAhead(shown);
    const willPrune = ahead.map((each) => this.#described(each, this.#warnings.isAnnounced(each.part)));
    const next = ahead.map(({ part }) => part);
    const saves = (this.#options.observations?.saved ?? 0) + this.#manualSaves;
    const due = this.#warnings.due(next, saves);
    const toWarn = willPrune.filter((_, place) => due.has(place));
    const forms = announcementForms(pruned, toWarn, this.#saveHint);
    const prompt = composePrompt(this.#texts, shown, this.#exchanges.preamble.length, {
      forms,
      most: this.#room.announcementsMay(shown),
    });

    this.#shown = shown;
    // What found no room to be said was not said.
    this.#warnings.named(
      toWarn.length === 0 || prompt.announcements.warning !== undefined ? next : [],
      saves,
    );
    this.#told = { problems: this.#exchanges.problems.length, turns: this.#exchanges.list.length };
    return this.#logged({
      turn,
      ...prompt,
      ...this.#room.answerLimit(prompt.inputTokens),
      pruned,
      willPrune,
      postponed,
      problems,
    });
  }

  #logged(turn: Turn): Turn {
    const { turn: number, inputTokens, maxNewTokens, messages, pruned } = turn;
    this.generations.push({
      turn: number,
      inputTokens,
      ...(maxNewTokens === undefined ? {} : { maxNewTokens }),
      shownMessages: messages.length,
      pruned: pruned.length,
    });
    this.#options.log?.(`Input tokens: ${inputTokens}`);
    return turn;
  }

  /** Lets go what rules ask for and a warning has named. Where a summary fails, nothing goes. */
  async #followRules(shown: Shown, problems: Problem[]): Promise<Going[]> {
    const due = this.#planner.proposals(shown, 0).filter((part) => this.#warnings.isAnnounced(part));
    const { summarise } = this.#options.policy;
    const turns = due.filter((part) => part.kind === "turn").map((part) => part.turn);
    if (summarise === undefined || turns.length === 0)
      return due.map((part) => this.#planner.apply(shown, part));
    const lastTurn = turns.at(-1) as number;
    const members = this.#planner.membersOf(turns, shown);
    const answer = await askForSummary(summarise, {
      ...(shown.summary === undefined ? {} : { previous: shown.summary.text }),
      messages: members.map((index) => this.#texts.message(index)),
      maxTokens: summarise.maxTokens,
    });
    if (typeof answer !== "string") {
      problems.push({
        name: "summary-failed",
        message: `${answer.failure}; nothing was dropped in this turn.`,
      });
      return [];
    }
    const { tokens } = this.#texts.summary(answer, lastTurn);
    const replaced = members.reduce((sum, index) => sum + shown.cost(index), shown.summary?.tokens ?? 0);
    if (tokens >= replaced) {
      const message = `The summary takes ${tokens} tokens and what it stands for ${replaced}; nothing was dropped in this turn.`;
      problems.push({ name: "summary-failed", message });
      return [];
    }
    shown.summary = { text: answer, tokens, lastTurn };
    return due.map((part) => this.#planner.apply(shown, part, part.kind === "turn"));
  }

  #postponed(shown: Shown, index: number): Postponed {
    const tool = this.#exchanges.toolName(index);
    const tokens = this.#texts.wholeTokens(index);
    return { index, ...(tool === undefined ? {} : { tool }), tokens, shownTokens: shown.cost(index) };
  }

  /** What goes in the next turn: by the rules when all is a turn older, by the capacity when it adds what a recent one did. */
  #lookAhead(shown: Shown): Going[] {
    const { policy } = this.#options;
    const next = shown.copy();
    this.#planner.restore(next);
    const going = this.#planner
      .proposals(next, 1)
      .map((part) => this.#planner.apply(next, part, policy.summarise !== undefined && part.kind === "turn"));
    return [...going, ...this.#room.lookAhead(next)];
  }

  #newProblems(): Problem[] {
    const { problems, list } = this.#exchanges;
    const closed = list.slice(Math.max(0, this.#told.turns - 1));
    return [
      ...problems.slice(this.#told.problems),
      ...closed.flatMap((turn) => this.#exchanges.unanswered(turn)),
    ];
  }

  #described({ part, turn, tokens, summarised }: Going, announced: boolean): Pruned {
    if (part.kind === "turn")
      return { kind: "turn", how: summarised ? "summarised" : "dropped", turn, tokens, announced };
    const tool = this.#exchanges.toolName(part.index);
    return {
      kind: part.kind,
      how: part.kind === "page" ? "first page" : "notice",
      turn,
      index: part.index,
      ...(tool === undefined ? {} : { tool }),
      tokens,
      announced,
    };
  }
}
