export const WHOLE = 0;
/** Only the first page is shown. */
export const PAGE = 1;
/** A tool's result that was replaced by a notice. */
export const NOTICE = 2;
export const GONE = 3;

/**
 * What the next prompt shows of each message. A turn changes a copy, which replaces the original when the
 * turn is complete. Number arrays, because every turn copies the state of all messages.
 */
export class Shown {
  #states: Uint8Array;
  #costs: Float64Array;
  #length: number;
  #total = 0;
  /** By turn: 1 if nothing of it may be shown except the latest request. */
  #gone: Uint8Array;
  #firstKept: number;
  /** Removed turns of which a part is still shown. */
  readonly leftOver: Set<number>;
  readonly pageTokens: Map<number, number>;
  /** New results that wait for room: a first page now, the whole text in the next turn. */
  readonly postponed: Set<number>;
  /** Whether anything was dropped without a summary. */
  dropped = false;
  summary: { text: string; tokens: number; lastTurn: number } | undefined;

  constructor(from?: Shown, room = 0) {
    this.#length = from?.length ?? 0;
    const most = Math.max(64, this.#length, room);
    this.#states = new Uint8Array(most);
    this.#costs = new Float64Array(most);
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

  /** @param room number of messages that the copy has space for */
  copy(room = this.#length): Shown {
    return new Shown(this, room);
  }

  /** Adds the next message with its whole text; `copy` must have made room for it. */
  push(tokens: number, turn: number): void {
    this.#costs[this.#length++] = tokens;
    this.#total += tokens;
    if (this.isGone(turn)) this.leftOver.add(turn);
  }

  state(index: number): number {
    return this.#states[index] ?? GONE;
  }

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

  /** The first turn that was not removed. */
  get firstKept(): number {
    return this.#firstKept;
  }

  /**
   * Tokens of all messages in the forms in which they are shown. Exact, because all numbers are whole and
   * below 2^53.
   */
  get total(): number {
    return this.#total;
  }
}
