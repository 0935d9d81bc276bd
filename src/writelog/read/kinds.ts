import type { Kind } from "../event.js";
import { KNOWN_ACTIONS } from "../layouts.js";
import { OTHER_WORDS, WORD_IDS, WordTable } from "./words.js";

/** The kinds of a log. No string is made for an action or a reason that was seen before. */
export class Kinds {
  readonly list: Kind[] = [];
  readonly #actions = new WordTable();
  readonly #reasons = new WordTable();
  readonly #pairs = new WordTable();
  readonly #byPair: Kind[] = [];
  readonly #ids = new Int32Array(WORD_IDS * WORD_IDS).fill(-1);

  /**
   * The kind of an action and a reason that follow each other, with a comma between them. It needs one look-up, not
   * two.
   */
  together(bytes: Uint8Array, action: number, actionEnd: number, reasonEnd: number): Kind {
    const id = this.#pairs.idOf(bytes, action, reasonEnd);
    if (id === OTHER_WORDS) return this.of(bytes, action, actionEnd, actionEnd + 1, reasonEnd);
    return (this.#byPair[id] ??= this.of(bytes, action, actionEnd, actionEnd + 1, reasonEnd));
  }

  /** The kind of the words in two fields. Without a reason, `reasonFrom` equals `reasonTo`. */
  of(bytes: Uint8Array, actionFrom: number, actionTo: number, reasonFrom: number, reasonTo: number): Kind {
    const actionId = this.#actions.idOf(bytes, actionFrom, actionTo);
    const reasonId = this.#reasons.idOf(bytes, reasonFrom, reasonTo);
    const slot = actionId * WORD_IDS + reasonId;
    const id = this.#ids[slot] as number;
    return id === -1 ? this.#added(slot, actionId, reasonId) : (this.list[id] as Kind);
  }

  #added(slot: number, actionId: number, reasonId: number): Kind {
    const action = this.#actions.text(actionId);
    const reason = this.#reasons.text(reasonId);
    const place = (KNOWN_ACTIONS as readonly string[]).indexOf(action);
    const kind: Kind = {
      id: this.list.length,
      action,
      reason,
      code: place === -1 ? KNOWN_ACTIONS.length : place,
      warmUp: /warm/i.test(reason),
    };
    this.#ids[slot] = kind.id;
    this.list.push(kind);
    return kind;
  }
}
