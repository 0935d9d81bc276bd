import type { Factors, SubjectContext } from "./define.js";

export interface SubjectReference {
  /** File URL of an ES module that Node can import directly, or "bytesper:null" for the null control. */
  url: string;
  /** Path of names in the module's exports, such as `[]`, `["Session"]` or `["default", "subject"]`. */
  path: string[];
  /** What the user calls it, for messages. */
  name: string;
}

/** The part of a cell's context that can be sent to another process. */
export interface ContextData {
  factors: Factors;
  conversations?: string;
  seed: number;
}

/** A subject whose functions were checked to be functions. */
export interface LoadedSubject {
  create: (index: number, context: SubjectContext) => unknown;
  release: ((instance: unknown) => unknown) | undefined;
  prepare: ((context: SubjectContext) => unknown) | undefined;
  /** One turn of an instance in service, such as a message that it takes. */
  use?: ((instance: unknown, turn: number, context: SubjectContext) => unknown) | undefined;
  /** The bytes that the author expects of one instance. */
  estimate?: ((context: SubjectContext) => unknown) | undefined;
}
