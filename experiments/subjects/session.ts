import type { SubjectContext } from "bytesper";
import type { Corpus, CorpusMessage, Role } from "bytesper/corpus";
import { openCorpus } from "bytesper/corpus";
import { CrisisState } from "./crisis-state.js";

export interface Message {
  role: Role;
  content: string;
  /** Milliseconds since 1970. */
  timestamp: number;
  room: string;
}

/** A chat session in a server: its id and room, the last messages, and the crisis state. */
export class Session {
  readonly id: string;
  readonly room: string;
  readonly history: Message[] = [];
  readonly crisis: CrisisState;
  readonly #limit: number;

  constructor(id: string, room: string, limit: number, now: number) {
    this.id = id;
    this.room = room;
    this.#limit = limit;
    this.crisis = new CrisisState(now);
  }

  /** Appends a message. Beyond the limit, the oldest is dropped. */
  add({ role, content }: CorpusMessage, timestamp: number): void {
    this.history.push({ role, content, timestamp, room: this.room });
    if (this.history.length > this.#limit) this.history.shift();
  }
}

/** 14 November 2023. Any time with more than 31 bits of milliseconds would do. */
const EPOCH = 1_700_000_000_000;
const SESSIONS_PER_ROOM = 10;
const MESSAGES = 20;

let corpus: Corpus | undefined;
let lastRoom = { number: -1, name: "" };

/** Opens the corpus. It is the input of the measurement and does not belong to a session. */
export function prepare(context: SubjectContext): void {
  corpus = openCorpus(context);
}

/**
 * A session with `messages` messages, or with a full window of `window` exchanges of two messages each. Ten sessions
 * share a room and its name.
 */
export function create(index: number, context: SubjectContext): Session {
  if (corpus === undefined) throw new Error("prepare was not called");
  const { messages = MESSAGES, window } = context.factors;
  const count = typeof window === "number" ? 2 * window : Number(messages);
  const now = EPOCH + index * 86_400_000;
  const session = new Session(flat(`session-${padded(index)}`), roomName(index), count, now);
  const source = corpus.messages(index, count);
  for (let place = 0; place < count; place++) session.add(source[place] as CorpusMessage, now + place * 1000);
  return session;
}

/** Only the last name is kept: a registry of all rooms would outlive the measured sessions. */
function roomName(index: number): string {
  const number = Math.floor(index / SESSIONS_PER_ROOM);
  if (lastRoom.number !== number) lastRoom = { number, name: flat(`room-${padded(number)}`) };
  return lastRoom.name;
}

function padded(number: number): string {
  return String(number).padStart(28, "0");
}

/** A flat copy, like text from a socket: string building leaves ropes and slices. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
