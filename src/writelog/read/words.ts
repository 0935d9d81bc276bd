/** No program logs so many different words. The limit keeps a column of random text from filling the memory. */
const MOST_WORDS = 255;
const LONGEST_WORD = 100;
const SLOTS = 1024;

/** Gives each different word of a column a small number. No string is made for a word that was seen before. */
export class WordTable {
  readonly #texts: string[] = [];
  readonly #bytes: Uint8Array[] = [];
  readonly #slots = new Int16Array(SLOTS).fill(-1);

  text(id: number): string {
    return this.#texts[id] ?? "(other words)";
  }

  idOf(bytes: Uint8Array, from: number, to: number): number {
    // Four bytes are usually enough to tell words apart. Otherwise the next free slot is used.
    const hash =
      to === from
        ? 0
        : (to - from) * 7 +
          (bytes[from] as number) +
          (bytes[(from + to) >> 1] as number) * 31 +
          (bytes[to - 1] as number) * 131;
    let slot = hash & (SLOTS - 1);
    for (;;) {
      const id = this.#slots[slot] as number;
      if (id === -1) return this.#added(slot, bytes, from, to);
      if (same(this.#bytes[id] as Uint8Array, bytes, from, to)) return id;
      slot = (slot + 1) & (SLOTS - 1);
    }
  }

  #added(slot: number, bytes: Uint8Array, from: number, to: number): number {
    if (this.#texts.length >= MOST_WORDS || to - from > LONGEST_WORD) {
      return OTHER_WORDS;
    }
    const word = Uint8Array.prototype.slice.call(bytes, from, to);
    this.#slots[slot] = this.#texts.length;
    this.#bytes.push(word);
    this.#texts.push(Buffer.from(word).toString("utf8"));
    return this.#texts.length - 1;
  }
}

/** The id of all words that are too long or came after the table was full. */
export const OTHER_WORDS = MOST_WORDS;
/** All ids are below this. */
export const WORD_IDS = MOST_WORDS + 1;

function same(word: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (word.length !== to - from) return false;
  for (let at = 0; at < word.length; at += 1) if (word[at] !== bytes[from + at]) return false;
  return true;
}
