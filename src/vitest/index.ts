import { expect } from "vitest";
import type { Amount } from "./amount.js";
import type { RetainOptions } from "./matchers.js";
import { toReleaseEverything, toRetain, toRetainAtMost } from "./matchers.js";

expect.extend({ toRetain, toRetainAtMost, toReleaseEverything });

/**
 * Each matcher measures in new processes, which takes seconds. Await it, and give the test a timeout of a
 * minute.
 */
export interface BytesperMatchers {
  /** Passes if one instance costs the process at most this many bytes: heap, external and native memory. */
  toRetainAtMost: (limit: Amount) => Promise<void>;
  /** Passes if one instance costs the process this many bytes (heap, external and native memory), within the tolerance. */
  toRetain: (expected: Amount, options?: RetainOptions) => Promise<void>;
  /**
   * Passes if no memory stays after instances were created and dropped (or released, with `{ create, release
   * }`).
   */
  toReleaseEverything: () => Promise<void>;
}

declare module "vitest" {
  // TypeScript merges the declarations only if this parameter exists and has this name.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-explicit-any, @typescript-eslint/no-empty-object-type
  interface Assertion<T = any> extends BytesperMatchers {}
}

export type { Amount } from "./amount.js";
export type { RetainOptions } from "./matchers.js";
export type { ModuleSubject } from "./subject.js";
export { subject } from "./subject.js";
