import { expect } from "vitest";
import type { Amount } from "./amount.js";
import type { RetainOptions } from "./matchers.js";
import { toReleaseEverything, toRetain, toRetainAtMost } from "./matchers.js";

// Importing this module adds the matchers, in a test file or in a setup file.
expect.extend({ toRetain, toRetainAtMost, toReleaseEverything });

/** Each measures in fresh processes, which takes seconds: give the test a timeout of a minute, and await it. */
export interface BytesperMatchers {
  /** Bytes that one instance retains in heap and external memory are at most these. */
  toRetainAtMost: (limit: Amount) => Promise<void>;
  /** Bytes that one instance retains in heap and external memory are these, within the tolerance. */
  toRetain: (expected: Amount, options?: RetainOptions) => Promise<void>;
  /** Nothing stays of instances that were made and dropped (or released, with `{ create, release }`). */
  toReleaseEverything: () => Promise<void>;
}

declare module "vitest" {
  // The parameter must be there and have this name for the declarations to be one.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-explicit-any, @typescript-eslint/no-empty-object-type
  interface Assertion<T = any> extends BytesperMatchers {}
}

export type { Amount } from "./amount.js";
export type { RetainOptions } from "./matchers.js";
export type { ModuleSubject } from "./subject.js";
export { subject } from "./subject.js";
