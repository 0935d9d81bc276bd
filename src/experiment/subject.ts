import type { Factors, SubjectContext } from "./define.js";

/** Where a cell finds its subject; plain JSON, so that it can cross into another process. */
export interface SubjectReference {
  /** File URL of an ES module that Node can import as it is, or "bytesper:null" for the null control. */
  url: string;
  /** Path of names within the module's exports, such as `[]`, `["Session"]` or `["default", "subject"]`. */
  path: string[];
  /** What the user calls it, for messages. */
  name: string;
}

/** The surroundings of a cell that can cross into another process. */
export interface ContextData {
  factors: Factors;
  conversations?: string;
  seed: number;
}

/** A subject whose parts were checked to be functions. */
export interface LoadedSubject {
  create: (index: number, context: SubjectContext) => unknown;
  release: ((instance: unknown) => unknown) | undefined;
  prepare: ((context: SubjectContext) => unknown) | undefined;
  /** The bytes that the author expects of one instance. */
  estimate?: ((context: SubjectContext) => unknown) | undefined;
}
