const WINDOW_STEPS = 100;

/** Counts writes to the memory: writes of turns in one step, and writes of turns and promotions in any 100 steps. */
export class RateLimiter {
  readonly #perTurn: number;
  readonly #per100: number;
  /** Steps of the writes in the last 100 steps, oldest first; at most `per100` of them if that is finite. */
  readonly #steps: number[] = [];
  #turn = -1;
  #inTurn = 0;

  constructor(perTurn: number, per100: number) {
    this.#perTurn = perTurn;
    this.#per100 = per100;
  }

  /** Whether the turn at this step may write. */
  allowsTurn(step: number): boolean {
    return (step === this.#turn ? this.#inTurn : 0) < this.#perTurn && this.allowsPromotion(step);
  }

  /** Whether a promotion may write. It needs only what is left of the limit for 100 steps. */
  allowsPromotion(step: number): boolean {
    if (this.#per100 === Number.POSITIVE_INFINITY) return true;
    while (this.#steps.length > 0 && (this.#steps[0] as number) <= step - WINDOW_STEPS) this.#steps.shift();
    return this.#steps.length < this.#per100;
  }

  countTurn(step: number): void {
    if (step !== this.#turn) this.#inTurn = 0;
    this.#turn = step;
    this.#inTurn++;
    this.countPromotion(step);
  }

  countPromotion(step: number): void {
    if (this.#per100 !== Number.POSITIVE_INFINITY) this.#steps.push(step);
  }

  /** Undoes the last `countTurn`. */
  takeBack(): void {
    this.#inTurn--;
    if (this.#per100 !== Number.POSITIVE_INFINITY) this.#steps.pop();
  }
}
