import { expect, test } from "vitest";
import "bytesper/vitest";
import { subject } from "bytesper/vitest";
import { Registry, Session } from "./session.js";

// Each matcher starts fresh processes, which takes seconds.
const timeout = 120_000;

test("a session stays within its budget", { timeout }, async () => {
  await expect((index: number) => new Session(index)).toRetainAtMost("1 kB");
});

test("an empty object has its four spare places", { timeout }, async () => {
  await expect(() => ({})).toRetain(56, { tolerance: 0.1 });
});

test("a session by its module", { timeout }, async () => {
  await expect(subject("./session.ts#Session")).toRetainAtMost("1 kB");
});

test("a closed session leaves nothing behind", { timeout }, async () => {
  const registry = new Registry();
  await expect({
    create: (index: number) => registry.open(index),
    release: (session: Session) => registry.close(session),
  }).toReleaseEverything();
});
