import { afterAll, beforeAll, expect, test } from "vitest";
import { LONG, NOT_HERE, samplesOf, shapeOf } from "./docs-commands.js";
import { docsFolder, linesOf } from "./docs-folder.js";

let docs: Awaited<ReturnType<typeof docsFolder>>;
beforeAll(async () => {
  docs = await docsFolder();
}, 60_000);
afterAll(() => {
  docs.remove();
});

/** Exit codes that are right though they are not 0. */
const CODES: readonly [RegExp, readonly number[]][] = [
  [/^devices/, [0, 3]],
  // The sample names figures by their path, which is another one in a copy of the folder.
  [/^paper .*--check/, [0, 1]],
];

const reasonNotHere = (command: string): string | undefined =>
  NOT_HERE.find(([left]) => left.test(command))?.[1];
const isLong = (command: string): boolean => LONG.some((long) => long.test(command));
const samples = samplesOf("README.md");

test("each kind of command that is run elsewhere, or not at all, still has its command", () => {
  const all = [...linesOf(() => true).values()].flat();
  const idle = [...LONG, ...NOT_HERE.map(([left]) => left)].filter(
    (kind) => !all.some((command) => kind.test(command)),
  );
  expect(idle.map(String)).toEqual([]);
});

for (const [, [command = ""]] of linesOf((each) => reasonNotHere(each) !== undefined))
  test(command, ({ skip }) => {
    skip(reasonNotHere(command));
  });

test.each(
  [...linesOf((command) => !isLong(command) && reasonNotHere(command) === undefined)].map(
    ([words, said]) => [said.join(" = "), words, said] as const,
  ),
)(
  "%s",
  async (_, words, said) => {
    const { code, stdout, stderr } = await docs.runLine(words);
    const expected = CODES.find(([of]) => of.test(words))?.[1] ?? [0];
    expect(expected, `${words}\n${stderr}`).toContain(code);
    for (const command of said) expect(shapeOf(stdout)).toContain(samples.get(command) ?? "");
  },
  60_000,
);
