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
 * A conversation under a token budget. `add` keeps every message for ever; `next` decides what the model sees
 * of them. What was removed from the prompt once never comes back, and each text is counted once.
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
  /** Messages that arrive while a turn is being made. */
  #waiting: Waiting[] | undefined;
  #manualSaves = 0;
  /** Problems before these positions were reported in earlier turns. */
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

  get messages(): readonly Message[] {
    return this.#texts.messages;
  }

  get problems(): Problem[] {
    return [
      ...this.#exchanges.problems,
      ...this.#exchanges.list.flatMap((turn) => this.#exchanges.unanswered(turn)),
    ];
  }

  /**
   * Adds a message and returns its index. Counts nothing yet. Throws `BAD_INPUT` for an invalid message. If
   * the options say so, and no turn is being made, it also throws for a result without its call.
   *
   * @param options.pinned the message and its turn are never removed
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

  /** Records that the model saved something; only for use without `observations`. */
  saved(): void {
    this.#manualSaves++;
  }

  /**
   * Makes the next prompt. Throws `TokenizerFailed` and `CapacityTooSmall`, which leave everything unchanged,
   * and `USAGE` while another turn is being made.
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

  /** How the latest prompt shows a message. */
  stateOf(index: number): "whole" | "first page" | "notice" | "gone" {
    const state = this.#shown.state(index);
    if (index >= this.#shown.length) return "whole";
    return state === PAGE ? "first page" : state === NOTICE ? "notice" : state === GONE ? "gone" : "whole";
  }

  /** Tokens of a message's own text in the latest prompt; a notice instead of it counts as 0. */
  keptTokens(index: number): number {
    const state = this.stateOf(index);
    if (state === "whole") return this.tokensOf(index);
    return state === "first page" ? this.#shown.cost(index) : 0;
  }

  /** The text that replaces summarised turns, and its tokens. */
  get summary(): { text: string; tokens: number } | undefined {
    return this.#shown.summary;
  }

  /** Tokens of a message with its whole text. Throws `TokenizerFailed`. */
  tokensOf(index: number): number {
    this.#requireIndex(index);
    return this.#texts.wholeTokens(index);
  }

  /**
   * A page of a message, for a tool with which the model reads on. Throws `USAGE` if the page does not exist.
   *
   * @param page from 1
   * @param tokens of one page; the default is the size of the first page in the prompt, or 1,000
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

  /** Makes one turn on copies. They replace the originals only if nothing throws. */
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
    // A warning that had no room was not shown, so it does not count.
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

  /** Removes what rules ask for and a warning has named. If a summary fails, nothing is removed. */
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

  /**
   * What the next turn would remove: by the rules when everything is one turn older, and by the capacity if
   * it adds as much as a recent turn did.
   */
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
