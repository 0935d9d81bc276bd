import { expect, test } from "vitest";
import "bytesper/vitest";
import { Registry, Session } from "./session.js";

// These fail on purpose, to show what the matchers say.
const timeout = 120_000;

test("a budget that is too small", { timeout }, async () => {
  await expect((index: number) => new Session(index)).toRetainAtMost("100 B");
});

test("a session that is dropped and not closed", { timeout }, async () => {
  const registry = new Registry();
  await expect((index: number) => registry.open(index)).toReleaseEverything();
});
