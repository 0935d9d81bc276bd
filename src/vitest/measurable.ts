import type { MatcherState } from "vitest";
import { vi } from "vitest";
import { BytesperError } from "../base/errors.js";
import { ModuleSubject } from "./subject.js";

/** Throws `USAGE` for values that a new process could not measure, or would measure wrongly. */
export function requireMeasurable(received: unknown, state: MatcherState): void {
  const refuse = (sentence: string): never => {
    throw new BytesperError("USAGE", sentence);
  };
  if (state.promise !== "")
    refuse("The matchers of bytesper take the factory itself, without .resolves or .rejects.");
  const isHolder = typeof received === "object" && received !== null && "create" in received;
  if (typeof received !== "function" && !isHolder && !(received instanceof ModuleSubject)) {
    refuse(
      `expect() was given ${received === null ? "null" : typeof received}, and one object cannot be measured; give a function that makes one, such as () => new Session(), or { create, release }, or subject("./file.ts#Session").`,
    );
  }
  const create = isHolder ? received.create : received;
  if (vi.isMockFunction(create))
    refuse(
      "The factory is a mock, which keeps everything that it returns; give a plain function that calls it.",
    );
  if (vi.isFakeTimers())
    refuse(
      "Fake timers are on, and the measurement waits for real ones; call vi.useRealTimers() before the matcher.",
    );
}
