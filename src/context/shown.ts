/** How a message is shown. */
export const WHOLE = 0;
/** By its first page. */
export const PAGE = 1;
/** A tool's result of which a notice is left. */
export const NOTICE = 2;
export const GONE = 3;

/**
 * What the next prompt shows of each message; copied, changed and put back when the whole turn has been made. Arrays
 * of numbers, because every turn copies them for all messages.
 */
export class Shown {
  #states: Uint8Array;
  #costs: Float64Array;
  #length: number;
  #total = 0;
  /** By turn; 1 where nothing but the latest request may be shown. */
  #gone: Uint8Array;
  #firstKept: number;
  /** Gone turns of which something is still shown. */
  readonly leftOver: Set<number>;
  readonly pageTokens: Map<number, number>;
  /** New results that wait for their place: a first page now, whole in the next turn. */
  readonly postponed: Set<number>;
  /** Whether anything was dropped without a summary. */
  dropped = false;
  summary: { text: string; tokens: number; lastTurn: number } | undefined;

  constructor(from?: Shown, room = 0) {
    this.#length = from?.length ?? 0;
    const most = Math.max(64, this.#length, room);
    this.#states = new Uint8Array(most);
    this.#costs = new Float64Array(most);
    // A turn has at least one message.
    this.#gone = new Uint8Array(most + 1);
    this.#firstKept = from === undefined ? 1 : from.#firstKept;
    this.leftOver = new Set(from?.leftOver);
    this.pageTokens = new Map(from?.pageTokens);
    this.postponed = new Set(from?.postponed);
    if (from === undefined) return;
    this.#states.set(from.#states.subarray(0, from.length));
    this.#costs.set(from.#costs.subarray(0, from.length));
    this.#gone.set(from.#gone.subarray(0, Math.min(most, from.#gone.length)));
    this.#total = from.#total;
    this.dropped = from.dropped;
    this.summary = from.summary;
  }

  get length(): number {
    return this.#length;
  }

  /** A copy with room for so many messages. */
  copy(room = this.#length): Shown {
    return new Shown(this, room);
  }

  /** Adds the next message, whole, where `copy` has made room. */
  push(tokens: number, turn: number): void {
    this.#costs[this.#length++] = tokens;
    this.#total += tokens;
    if (this.isGone(turn)) this.leftOver.add(turn);
  }

  state(index: number): number {
    return this.#states[index] ?? GONE;
  }

  /** Tokens of a message as it is shown. */
  cost(index: number): number {
    return this.#costs[index] ?? 0;
  }

  set(index: number, state: number, tokens: number): void {
    this.#states[index] = state;
    this.#total += tokens - this.cost(index);
    this.#costs[index] = tokens;
    if (state !== PAGE) this.pageTokens.delete(index);
  }

  isGone(turn: number): boolean {
    return this.#gone[turn] === 1;
  }

  setGone(turn: number): void {
    this.#gone[turn] = 1;
    while (this.#gone[this.#firstKept] === 1) this.#firstKept++;
  }

  /** The first turn that is not gone. */
  get firstKept(): number {
    return this.#firstKept;
  }

  /** Tokens of all messages as they are shown; exact, because all are whole numbers below 2^53. */
  get total(): number {
    return this.#total;
  }
}
