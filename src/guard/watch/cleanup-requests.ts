/** Cleanups that the command is asked for by number, and answers by the number of the last one done. */
export class CleanupRequests {
  #asked = 0;
  readonly #waiting = new Map<number, () => void>();

  get asked(): number {
    return this.#asked;
  }

  /** Comes to its end when the command has answered. */
  ask(): Promise<void> {
    const number = ++this.#asked;
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }

  /** `done`: what the command reported last. */
  answer(done: number | undefined): void {
    if (done === undefined) return;
    for (const [number, resolve] of this.#waiting) {
      if (number > done) continue;
      this.#waiting.delete(number);
      resolve();
    }
  }
}
