import type { Exchange, Exchanges } from "./exchanges.js";
import type { Policy } from "./policy.js";
import type { HistoryView, Part } from "./rules.js";
import { LEAST_PAGE } from "./rules.js";
import type { Shown } from "./shown.js";
import { GONE, NOTICE, PAGE, WHOLE } from "./shown.js";

/** A part that is removed, and its tokens; for a page, the tokens that it saves. */
export interface Going {
  part: Part | { kind: "page"; index: number };
  turn: number;
  tokens: number;
  summarised: boolean;
}

/** What the planner must know of messages; tokens are counted on request. */
export interface Costs {
  noticeTokens: (index: number) => number;
  wholeTokens: (index: number) => number;
  /**
   * Tokens of a message when its first page is shown. The page takes at most `most`, or slightly more if that
   * is impossible. With `postponed` it says that the whole text comes in the next turn.
   */
  pageTokens: (index: number, most: number, postponed: boolean) => number;
  /** Tokens of the line that replaces dropped turns. */
  gapTokens: () => number;
  isPinned: (index: number) => boolean;
  isUser: (index: number) => boolean;
}

/**
 * Decides what the next prompt shows, by changing the given `Shown`. `ahead` treats every turn as older by so
 * many turns.
 */
export class Planner {
  readonly #exchanges: Exchanges;
  readonly #policy: Policy;
  readonly #costs: Costs;

  constructor(exchanges: Exchanges, policy: Policy, costs: Costs) {
    this.#exchanges = exchanges;
    this.#policy = policy;
    this.#costs = costs;
  }

  /** Tokens of the messages and of the texts that replace dropped ones. */
  tokens(shown: Shown): number {
    return shown.total + (shown.dropped ? this.#costs.gapTokens() : 0) + (shown.summary?.tokens ?? 0);
  }

  /** The parts that the rules would remove. */
  proposals(shown: Shown, ahead: number): Part[] {
    const view = this.#view(shown, ahead);
    const turns = new Set<number>();
    const results = new Map<number, number[]>();
    for (const rule of this.#policy.letGo) {
      for (const part of rule(view)) {
        if (part.kind === "turn") turns.add(part.turn);
        else if (this.#replaceable(shown, part.index)) {
          const turn = this.#exchanges.turnOf(part.index);
          results.set(turn, [...(results.get(turn) ?? []), part.index]);
        }
      }
    }
    const parts: Part[] = [];
    for (const number of [...new Set([...turns, ...results.keys()])].sort((a, b) => a - b)) {
      const turn = this.#exchanges.list[number - 1];
      if (turn === undefined || view.ageOf(turn) <= view.keptWhole) continue;
      if (turns.has(number) && this.#droppable(shown, turn)) parts.push({ kind: "turn", turn: number });
      else {
        for (const index of new Set(results.get(number)))
          if (turn.results.includes(index)) parts.push({ kind: "result", index });
      }
    }
    return parts;
  }

  /** Removes the rest of turns that are gone: an earlier request, a result that came late. */
  clearLeftOver(shown: Shown): Going[] {
    return [...shown.leftOver]
      .filter((turn) => this.membersOf([turn], shown).some((index) => shown.state(index) !== GONE))
      .map((turn) => this.apply(shown, { kind: "turn", turn }));
  }

  /** The messages that dropping these turns takes away, in their order. */
  membersOf(turns: readonly number[], shown: Shown): number[] {
    return turns
      .flatMap((turn) => this.#exchanges.list[turn - 1]?.members ?? [])
      .filter((index) => this.#mayGo(shown, index))
      .sort((a, b) => a - b);
  }

  /** With `summarised`, the summary covers the turn, so no gap text is needed. */
  apply(shown: Shown, part: Part, summarised = false): Going {
    if (part.kind === "result") {
      const { index } = part;
      const tokens = shown.cost(index);
      shown.set(index, NOTICE, this.#costs.noticeTokens(index));
      return { part, turn: this.#exchanges.turnOf(index), tokens, summarised };
    }
    let tokens = 0;
    for (const index of this.membersOf([part.turn], shown)) {
      tokens += shown.cost(index);
      shown.set(index, GONE, 0);
    }
    shown.setGone(part.turn);
    shown.leftOver.delete(part.turn);
    if (part.turn === this.#exchanges.turnOf(this.#exchanges.request[0] ?? -1)) shown.leftOver.add(part.turn);
    if (!summarised) shown.dropped = true;
    return { part, turn: part.turn, tokens, summarised };
  }

  /**
   * Removes parts until at most `limit` tokens remain, the least valuable first; `over` is what could not be
   * removed.
   */
  fit(
    shown: Shown,
    limit: number,
    ahead: number,
    may: (part: Part) => boolean = () => true,
  ): { going: Going[]; over: number } {
    const going: Going[] = [];
    let tokens = this.tokens(shown);
    for (const youngest of [Math.max(1, this.#policy.keptWhole), 1]) {
      if (tokens <= limit) break;
      for (const part of this.#leastValuableFirst(shown, ahead, youngest)) {
        if (!may(part)) return { going, over: tokens - limit };
        const hadGap = shown.dropped;
        const gone = this.apply(shown, part);
        going.push(gone);
        tokens -= gone.tokens;
        if (part.kind === "result") tokens += shown.cost(part.index);
        if (shown.dropped && !hadGap) tokens += this.#costs.gapTokens();
        if (tokens <= limit) break;
      }
    }
    return { going, over: tokens - limit };
  }

  /**
   * Shows only first pages of messages that the model must see: results first, then requests, the longest
   * first.
   */
  shorten(shown: Shown, over: number): Going[] {
    const { newestResults, requests } = this.#shortenable(shown);
    return this.#showPages(shown, [...newestResults, ...requests], over, false).going;
  }

  /**
   * Shows new results (index `from` and later) by first pages until `restore`. Returns whether that makes
   * enough room; if not, nothing changes.
   */
  postpone(shown: Shown, over: number, from: number): boolean {
    const fresh = this.#shortenable(shown).newestResults.filter(
      (index) => index >= from && shown.state(index) === WHOLE,
    );
    const { going, over: left } = this.#showPages(shown, fresh, over, true);
    for (const { part } of going) if (part.kind === "page") shown.postponed.add(part.index);
    if (left > 0) this.restore(shown);
    return left <= 0;
  }

  /** Shows whole again what was postponed. */
  restore(shown: Shown): void {
    for (const index of shown.postponed)
      if (shown.state(index) === PAGE) shown.set(index, WHOLE, this.#costs.wholeTokens(index));
    shown.postponed.clear();
  }

  /** Shows first pages of these messages, one after another, until `over` tokens are saved. */
  #showPages(
    shown: Shown,
    indices: readonly number[],
    over: number,
    postponed: boolean,
  ): { going: Going[]; over: number } {
    const going: Going[] = [];
    let left = over;
    for (const index of indices) {
      if (left <= 0) break;
      const before = shown.cost(index);
      const most = Math.max(LEAST_PAGE, before - left);
      if (most >= before) continue;
      const after = this.#costs.pageTokens(index, most, postponed);
      if (after >= before) continue;
      shown.set(index, PAGE, after);
      shown.pageTokens.set(index, most);
      left -= before - after;
      const turn = this.#exchanges.turnOf(index);
      going.push({ part: { kind: "page", index }, turn, tokens: before - after, summarised: false });
    }
    return { going, over: left };
  }

  /** Shows long results by their first page, where the policy caps them. */
  cap(shown: Shown, from: number): void {
    const most = this.#policy.toolResultTokens;
    if (most === undefined) return;
    for (const { results } of this.#exchanges.list) {
      for (const index of results) {
        if (index < from || index >= shown.length || shown.cost(index) <= most) continue;
        shown.set(index, PAGE, this.#costs.pageTokens(index, most, false));
        shown.pageTokens.set(index, most);
      }
    }
  }

  /**
   * Sorts turns by age. A result counts like an older turn of equal value; if equal, the result comes first.
   */
  *#leastValuableFirst(shown: Shown, ahead: number, youngest: number): Generator<Part> {
    const { list } = this.#exchanges;
    const age = (turn: Exchange): number => this.#age(turn, ahead);
    let oldestTurn = shown.firstKept - 1;
    let oldestResult = oldestTurn;
    for (;;) {
      while (oldestTurn < list.length && !this.#droppable(shown, list[oldestTurn] as Exchange)) oldestTurn++;
      let index: number | undefined;
      for (; oldestResult < list.length; oldestResult++) {
        index = (list[oldestResult] as Exchange).results.find((result) => this.#replaceable(shown, result));
        if (index !== undefined) break;
      }
      const turn = list[oldestTurn];
      const turnAge = turn === undefined ? 0 : age(turn);
      const resultAge = index === undefined ? 0 : age(list[oldestResult] as Exchange);
      const turnMay = turnAge > youngest;
      const resultMay = resultAge > youngest;
      if (index !== undefined && resultMay && (!turnMay || 2 * resultAge + 2 >= turnAge))
        yield { kind: "result", index };
      else if (turn !== undefined && turnMay) yield { kind: "turn", turn: turn.turn };
      else return;
    }
  }

  #view(shown: Shown, ahead: number): HistoryView {
    return {
      turns: this.#exchanges.list.slice(shown.firstKept - 1).filter(({ turn }) => !shown.isGone(turn)),
      ageOf: (turn) => this.#age(turn, ahead),
      isShown: (index) => shown.state(index) === WHOLE || shown.state(index) === PAGE,
      tokensOf: (index) => shown.cost(index),
      keptWhole: this.#policy.keptWhole,
    };
  }

  #age({ turn }: Exchange, ahead: number): number {
    return this.#exchanges.nextTurn - turn + ahead;
  }

  #droppable(shown: Shown, { turn, members }: Exchange): boolean {
    if (shown.isGone(turn)) return false;
    let shows = false;
    for (const index of members) {
      if (this.#costs.isPinned(index)) return false;
      shows ||= this.#mayGo(shown, index);
    }
    return shows;
  }

  /** A notice that is longer than the result saves nothing. */
  #replaceable(shown: Shown, index: number): boolean {
    const state = shown.state(index);
    if (index >= shown.length || (state !== WHOLE && state !== PAGE) || this.#costs.isPinned(index))
      return false;
    return this.#costs.noticeTokens(index) < shown.cost(index);
  }

  /** Messages of the newest turns that may be shown by their first pages, the longest first. */
  #shortenable(shown: Shown): { newestResults: number[]; requests: number[] } {
    const { list, request } = this.#exchanges;
    const newest = list.slice(-2).filter((turn) => this.#age(turn, 0) <= 1);
    const longestFirst = (indices: readonly number[]): number[] =>
      indices
        .filter((index) => index < shown.length && !this.#costs.isPinned(index))
        .filter((index) => shown.state(index) === WHOLE || shown.state(index) === PAGE)
        .sort((a, b) => shown.cost(b) - shown.cost(a));
    const users = newest.flatMap(({ members }) => members.filter((index) => this.#costs.isUser(index)));
    return {
      newestResults: longestFirst(newest.flatMap(({ results }) => results)),
      requests: longestFirst([...new Set([...users, ...request])]),
    };
  }

  /** The latest request stays, even if its turn is dropped. */
  #mayGo(shown: Shown, index: number): boolean {
    return index < shown.length && !this.#exchanges.request.includes(index);
  }
}
