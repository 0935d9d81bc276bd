/**
 * Cleanups that the command is asked to do. Each request has a number. The command answers with the number of the
 * last cleanup that it has done.
 */
export class CleanupRequests {
  #asked = 0;
  readonly #waiting = new Map<number, () => void>();

  get asked(): number {
    return this.#asked;
  }

  /** Resolves when the command has answered. */
  ask(): Promise<void> {
    const number = ++this.#asked;
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }

  /** @param done the number that the command reported last */
  answer(done: number | undefined): void {
    if (done === undefined) return;
    for (const [number, resolve] of this.#waiting) {
      if (number > done) continue;
      this.#waiting.delete(number);
      resolve();
    }
  }
}
