import { largestOf } from "../base/stats/extremes.js";
import { longestShortForm } from "./announcements.js";
import type { Exchange, Exchanges } from "./exchanges.js";
import type { Going, Planner } from "./plan.js";
import type { Policy } from "./policy.js";
import type { Capacity } from "./rules.js";
import type { Shown } from "./shown.js";
import type { Texts } from "./texts.js";
import { CapacityTooSmall } from "./turn.js";
import type { Warnings } from "./warnings.js";

/** Room for what the newest message says about the context. */
const ANNOUNCEMENT_TOKENS = 160;
/** Largest share of a small capacity that is kept for it. */
const ANNOUNCEMENT_SHARE = 1 / 8;
/** The next turn is expected to be as large as the largest of this many newest turns. */
const RECENT_TURNS = 8;

/** How the tokens of a policy's capacity are divided between messages, announcements and the answer. */
export class Room {
  readonly #policy: Policy;
  readonly #planner: Planner;
  readonly #texts: Texts;
  readonly #exchanges: Exchanges;
  readonly #warnings: Warnings;
  readonly #saveHint: string;
  #announcementTokens: number | undefined;

  constructor(
    policy: Policy,
    parts: { planner: Planner; texts: Texts; exchanges: Exchanges; warnings: Warnings; saveHint: string },
  ) {
    this.#policy = policy;
    this.#planner = parts.planner;
    this.#texts = parts.texts;
    this.#exchanges = parts.exchanges;
    this.#warnings = parts.warnings;
    this.#saveHint = parts.saveHint;
  }

  /**
   * Makes room for the answer, and for announcements as soon as anything is removed. Throws
   * `CapacityTooSmall`.
   */
  fit(shown: Shown, from: number, goesAlready: boolean): Going[] {
    const { capacity } = this.#policy;
    if (capacity === undefined) return [];
    const most = this.#promptRoom(capacity);
    const room = most - this.#announcementRoom();
    if (this.#planner.tokens(shown) <= (goesAlready ? room : most)) return [];
    const going = capacity.warnFirst
      ? this.#letGoWarned(shown, from, room, capacity)
      : this.#planner.fit(shown, room, 0).going;
    const over = this.#planner.tokens(shown) - room;
    if (over <= 0) return going;
    going.push(...this.#planner.shorten(shown, over));
    const tokens = this.#planner.tokens(shown);
    // If a prompt fits only without announcements, it goes without them.
    if (tokens <= most) return going;
    throw new CapacityTooSmall(tokens, most, this.#leastNewTokens(capacity));
  }

  /** What the next turn must remove, if it adds as much as a recent turn did. */
  lookAhead(next: Shown): Going[] {
    const { newTokens, capacity } = this.#policy;
    if (capacity === undefined) return [];
    const growth = largestOf([
      newTokens ?? this.#leastNewTokens(capacity),
      ...this.#exchanges.list.slice(-RECENT_TURNS).map((turn) => this.#tokensOf(turn)),
    ]);
    return this.#planner.fit(next, this.#promptRoom(capacity) - this.#announcementRoom() - growth, 1).going;
  }

  answerLimit(inputTokens: number): { maxNewTokens?: number } {
    const { newTokens, capacity } = this.#policy;
    const left = capacity === undefined ? undefined : capacity.tokens - inputTokens;
    if (newTokens === undefined && left === undefined) return {};
    return {
      maxNewTokens: Math.min(newTokens ?? Number.POSITIVE_INFINITY, left ?? Number.POSITIVE_INFINITY),
    };
  }

  /** Tokens that announcements may take in this prompt. */
  announcementsMay(shown: Shown): number {
    const { capacity } = this.#policy;
    const most = this.#announcementRoom();
    if (capacity === undefined) return most;
    return Math.min(most, this.#promptRoom(capacity) - this.#planner.tokens(shown));
  }

  /**
   * Removes parts that a warning has named. If that is not enough, new results wait; only then the rest is
   * removed.
   */
  #letGoWarned(shown: Shown, from: number, room: number, capacity: Capacity): Going[] {
    const { going, over } = this.#planner.fit(shown, room, 0, (part) => this.#warnings.isAnnounced(part));
    if (over <= 0) return going;
    const roomThen = room - this.#leastNewTokens(capacity);
    if (this.#comeWhole(shown, from, roomThen) && this.#planner.postpone(shown, over, from)) return going;
    return [...going, ...this.#planner.fit(shown, room, 0).going];
  }

  /** Whether the next turn would show waiting results whole, and would not have to remove them itself. */
  #comeWhole(shown: Shown, from: number, roomThen: number): boolean {
    const { going, over } = this.#planner.fit(shown.copy(), roomThen, 1);
    const newest = this.#exchanges.turnOf(from);
    return over <= 0 && going.every(({ turn }) => turn < newest);
  }

  /** Tokens that messages and announcements may take together. */
  #promptRoom(capacity: Capacity): number {
    const prompt = Math.min(capacity.promptTokens, capacity.tokens - this.#leastNewTokens(capacity));
    return prompt - this.#texts.counter.replyTokens;
  }

  #leastNewTokens({ leastNewTokens }: Capacity): number {
    return Math.min(leastNewTokens, this.#policy.newTokens ?? leastNewTokens);
  }

  /**
   * Tokens that are kept for announcements: a small share of a small capacity, but enough for the shortest
   * form.
   */
  #announcementRoom(): number {
    if (this.#announcementTokens !== undefined) return this.#announcementTokens;
    const { capacity } = this.#policy;
    const share =
      capacity === undefined ? ANNOUNCEMENT_TOKENS : this.#promptRoom(capacity) * ANNOUNCEMENT_SHARE;
    const shortest = this.#texts.counter.text(longestShortForm(this.#saveHint));
    return (this.#announcementTokens = Math.max(shortest, Math.min(ANNOUNCEMENT_TOKENS, Math.floor(share))));
  }

  #tokensOf({ members }: Exchange): number {
    return members.reduce((sum, index) => sum + this.#texts.wholeTokens(index), 0);
  }
}
