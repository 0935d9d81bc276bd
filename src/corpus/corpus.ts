/** Roles of a message; the strings are shared by all messages, as a server that interns them would. */
export const ROLES = ["system", "user", "assistant", "tool"] as const;
export type Role = (typeof ROLES)[number];

export interface CorpusMessage {
  role: Role;
  content: string;
}

/** Where sessions get their messages from. */
export interface Corpus {
  /** What it is, for tables: a file's name or "generated". */
  readonly name: string;
  /**
   * The messages of one session, whose contents are new strings at every call: flat, unshared, one byte a
   * character where the text allows it and two where not, as text from a socket would be.
   */
  messages: (session: number, count: number) => CorpusMessage[];
  /** Bytes of these contents in their encodings, without any overhead of V8. */
  textBytes: (session: number, count: number) => number;
}
