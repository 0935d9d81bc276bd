import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { loadSubject } from "../../../src/measure/load-subject.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const file = join(folder, "sessions.mjs");
writeFileSync(
  file,
  `class Base { constructor(id) { this.given = [id]; } }
export class Identified { constructor(id) { this.given = [id]; } }
export class Sized { constructor(messages = 20) { this.given = [messages]; } }
export class Plain { given = ["none"]; }
export class Inherited extends Base {}
export class Forwarding extends Base { constructor(...given) { super(...given); } }
export class Fixed extends Base { constructor() { super("fixed"); } }
export class Copying extends Base { copy() { return new this.constructor(1); } }
export class OfAll { constructor() { this.given = [...arguments]; } }
export function Old(messages) { if (messages === void 0) { messages = 20; } this.given = [messages]; }
Old.prototype.say = function () {};
export function OldIdentified(id) { this.given = [id]; }
OldIdentified.prototype.say = function () {};
export const make = (index = 5) => ({ given: [index] });
`,
);

// A count of messages that is not given must stay what the class says: the index would make each instance larger.
test.each([
  ["Identified", [7]],
  ["Sized", [20]],
  ["Plain", ["none"]],
  ["Inherited", [7]],
  ["Forwarding", [7]],
  ["Fixed", ["fixed"]],
  ["Copying", [7]],
  ["OfAll", [7]],
  ["Old", [20]],
  ["OldIdentified", [7]],
  ["make", [7]],
])("%s gets its index where its first parameter has no default", async (name, given) => {
  const { create } = await loadSubject({ url: pathToFileURL(file).href, path: [name], name });
  expect(create(7, { factors: {}, seed: 1 } as never)).toMatchObject({ given });
});
