import { seededRandom, shuffled } from "../base/stats/random.js";
import type { Corpus, CorpusMessage } from "./corpus.js";
import { ASSISTANT_CHARACTERS, stratumLengths, USER_CHARACTERS } from "./quantiles.js";

/** So large that two texts rarely overlap, and yet quick to make without the compilers. */
const POOL_CHARACTERS = 1 << 18;

/**
 * Chats whose lengths are distributed like real ones. Users and assistants alternate. Sessions with the same number
 * of messages have the same lengths, each in its own order, so that sessions are comparable. Each text is a piece of
 * one pool of words, one byte a character.
 */
export function generatedCorpus(seed: number): Corpus {
  const pool = wordPool(seed);
  const lengths = new Map<number, readonly [user: number[], assistant: number[]]>();
  const lengthsOf = (count: number): readonly [user: number[], assistant: number[]] => {
    let known = lengths.get(count);
    if (known === undefined) {
      known = [
        stratumLengths(USER_CHARACTERS, Math.ceil(count / 2)),
        stratumLengths(ASSISTANT_CHARACTERS, Math.floor(count / 2)),
      ];
      lengths.set(count, known);
    }
    return known;
  };
  return {
    name: "generated",
    messages(session, count) {
      const random = seededRandom(seed * 0x10001 + session * 0x9e3779b1);
      const [user, assistant] = lengthsOf(count).map((list) => shuffled(list, random)) as [
        number[],
        number[],
      ];
      const messages = new Array<CorpusMessage>(count);
      for (let index = 0; index < count; index++) {
        const isUser = index % 2 === 0;
        const length = (isUser ? user : assistant)[index >> 1] ?? 0;
        const start = Math.floor(random() * (pool.length - length));
        messages[index] = {
          role: isUser ? "user" : "assistant",
          content: pool.toString("latin1", start, start + length),
        };
      }
      return messages;
    },
    textBytes(_session, count) {
      return lengthsOf(count)
        .flat()
        .reduce((sum, length) => sum + length, 0);
    },
  };
}

const SYLLABLES = "ta ne ri so lu ma ke di po an el is or um ve ha co bi re st".split(" ");

/** Words of one to four syllables in lower case. Some end in a full stop. */
function wordPool(seed: number): Buffer {
  const random = seededRandom(seed);
  const pool = Buffer.alloc(POOL_CHARACTERS);
  let length = 0;
  while (length < POOL_CHARACTERS) {
    const syllables = 1 + Math.floor(random() * 4);
    let word = "";
    for (let count = 0; count < syllables; count++)
      word += SYLLABLES[Math.floor(random() * SYLLABLES.length)] ?? "";
    length += pool.write(random() < 0.08 ? `${word}. ` : `${word} `, length, "latin1");
  }
  return pool;
}
