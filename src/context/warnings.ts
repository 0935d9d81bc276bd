import type { Going } from "./plan.js";

type Part = Going["part"];

/**
 * Remembers which parts a warning has named. A warning is repeated in every turn until the part is gone, or until
 * something was saved after the first warning that named the part.
 */
export class Warnings {
  readonly #announced = new Set<string>();
  readonly #answered = new Set<string>();
  #saves = 0;

  isAnnounced(part: Part): boolean {
    return this.#announced.has(keyOf(part));
  }

  /** Indexes of the parts that a warning must name. `saves` is how often something was saved so far. */
  due(parts: readonly Part[], saves: number): Set<number> {
    const answered = saves > this.#saves ? this.#announced : this.#answered;
    return new Set([...parts.keys()].filter((place) => !answered.has(keyOf(parts[place] as Part))));
  }

  /** Records that a prompt has named these parts. */
  named(parts: readonly Part[], saves: number): void {
    if (saves > this.#saves) for (const key of this.#announced) this.#answered.add(key);
    this.#saves = saves;
    for (const part of parts) this.#announced.add(keyOf(part));
  }
}

function keyOf(part: Part): string {
  return part.kind === "turn" ? `turn ${part.turn}` : `${part.kind} ${part.index}`;
}
