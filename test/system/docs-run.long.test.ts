import { availableParallelism } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LONG, NOT_HERE, samplesOf, shapeOf } from "./docs-commands.js";
import { docsFolder, linesOf } from "./docs-folder.js";

let docs: Awaited<ReturnType<typeof docsFolder>>;
beforeAll(async () => {
  docs = await docsFolder();
});
afterAll(() => {
  docs.remove();
});

/** Smaller settings of what takes a minute or more of a processor; all else of the line stays. */
const SMALL: readonly (readonly [RegExp, string])[] = [
  // Five processes instead of one show the same lines.
  [/^(measure .*)$/, "$1 --trials 1 --no-snapshot"],
  // 2 GiB of this class are 480,000 instances in each of some twenty processes.
  [/^(fits .*) --memory \w+$/, "$1 --memory 64MiB --no-next"],
  [/^(growth .*)$/, "$1 --trials 1 --calls 64"],
  // 12,000 tokens take 10 GB in the naive kernel, and half a minute in the other.
  [/^(attention .*)--tokens 12000/, "$1--tokens 500"],
  [/^(connections )(?:--clients 1000,5000 )?/, "$1--clients 20,60 --trials 1 --no-snapshot "],
  [/^(check .*)$/, "$1 --trials 1"],
  [/--chaos$/, "--chaos --kills 1"],
  // Until an interrupt, which comes after two seconds here, and again until it ends.
  [/--every 10s$/, "--every 200ms & sleep 2; while kill -INT $!; do sleep 1; done 2>&1; wait $!"],
  [/--detach --supervise$/, "--detach --supervise --out detached"],
  // All nine experiments take a minute; two show a run of several.
  [/^profile --quick$/, "profile instance-overhead pruning-policy --quick --trials 1"],
  [/^profile --jit$/, "profile instance-overhead --jit --quick --trials 1"],
  [/^profile --conversations (\S+)$/, "profile history-window --conversations $1 --quick --trials 1"],
  [/^(profile (?:session-scaling|instance-overhead --subject \S+))$/, "$1 --quick --trials 1"],
  // In full these take many minutes, and up to 14.74 GiB.
  [
    /^(profile (?:attention-memory|session-decode|staged-rollout))(?: --device-cap \S+)?$/,
    "$1 --quick --device-cap 64MiB",
  ],
];

/** Exit codes that are right though they are not 0: an interrupt, and a machine that enforces no limit. */
const CODES: readonly [RegExp, readonly number[]][] = [
  [/--every/, [0, 130]],
  [/^fits/, [0, 3]],
];

const lines = linesOf(
  (command) => LONG.some((long) => long.test(command)) && !NOT_HERE.some(([left]) => left.test(command)),
  SMALL,
);
const samples = samplesOf("README.md");

test("every long command of the pages ends well, with the answer that README shows", async () => {
  const left = [...lines];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [words, said] = next;
      const { code, stdout, stderr } = await docs.runLine(words);
      const expected = CODES.find(([of]) => of.test(words))?.[1] ?? [0];
      expect.soft(expected, `${words}\n${stderr}`).toContain(code);
      if (code !== 0) continue;
      for (const command of said) expect.soft(shapeOf(stdout), command).toContain(samples.get(command) ?? "");
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  // What goes on in the background is done before its folder is removed.
  await expect.poll(async () => (await docs.runLine("status detached")).stdout).toMatch(/^Run finished/);
});
