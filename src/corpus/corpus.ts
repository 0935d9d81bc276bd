/** All messages share these strings, as in a server that interns them. */
export const ROLES = ["system", "user", "assistant", "tool"] as const;
export type Role = (typeof ROLES)[number];

export interface CorpusMessage {
  role: Role;
  content: string;
}

export interface Corpus {
  /** For tables: the name of a file, or "generated". */
  readonly name: string;
  /**
   * The messages of one session. Each call makes new strings, like text that comes from a socket: flat, not shared, one
   * byte a character if possible, else two.
   */
  messages: (session: number, count: number) => CorpusMessage[];
  /** Bytes of these contents in their encodings, without V8's overhead. */
  textBytes: (session: number, count: number) => number;
}
