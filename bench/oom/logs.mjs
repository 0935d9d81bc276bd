import { closeSync, openSync, writeSync } from "node:fs";
import { seededRandom } from "../../dist/base/stats/random.js";

/** Lines that a block has before it is repeated. */
const LINES = 20_000;

/** Words that reports consist of, as people write them: each comes near a report and is none. */
const NEAR_MISSES = [
  "the job ran out of memory again",
  "a killed process was started anew",
  "the pool could not allocate a slot",
  "it failed to allocate the budget of the year",
  "out of memory handling is on",
  "the planner tried to allocate work to five teams",
  "memory in use is as it was",
  "RESOURCE_EXHAUSTED stands for a quota",
  "the class OutOfMemoryError has its own page",
  "the oom-killer had nothing to do",
  "allocation failed without harm",
  "MemoryError handling is tested",
];

/** Writers of one line each, by the kind of the log; none of them holds a report. */
export const KINDS = {
  "a training log": ({ whole, share }) =>
    `2025-11-10 0${whole(10)}:${10 + whole(50)}:${10 + whole(50)},${100 + whole(900)} INFO trainer: step ${whole(100_000)}/100000 | loss ${share().toFixed(4)} | lr ${(share() * 1e-4).toExponential(3)} | grad_norm ${share().toFixed(3)} | tokens/s ${whole(99_999)} | memory ${(share() * 80).toFixed(2)} GiB allocated, ${(share() * 80).toFixed(2)} GiB reserved`,
  "an access log": ({ whole }) =>
    `10.0.${whole(256)}.${whole(256)} - - [10/Nov/2025:0${whole(10)}:${10 + whole(50)}:${10 + whole(50)} +0000] "GET /api/v1/items/${whole(99_999)}?page=${whole(99)} HTTP/1.1" ${200 + whole(300)} ${whole(99_999)} "https://example.org/" "Mozilla/5.0 (X11; Linux x86_64)"`,
  "a training log, each hundredth line with a near miss": (tools) =>
    KINDS[tools.whole(100) === 0 ? "prose, each line with a near miss" : "a training log"](tools),
  "prose, each line with a near miss": ({ whole, words }) =>
    `${words(8 + whole(10))}, ${NEAR_MISSES[whole(NEAR_MISSES.length)]}, ${words(5 + whole(10))}.`,
};

const WORDS =
  "the of and to in a is that it was for on are as with they be at one have this from or had by not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after called just where most know".split(
    " ",
  );

/** Writes a log of `size` bytes without a report. */
export function writeLog(path, kind, size) {
  const random = seededRandom(7);
  const whole = (below) => Math.floor(random() * below);
  const words = (count) => Array.from({ length: count }, () => WORDS[whole(WORDS.length)]).join(" ");
  const line = () => `${KINDS[kind]({ whole, share: random, words })}\n`;
  const block = Buffer.from(Array.from({ length: LINES }, line).join(""));
  const file = openSync(path, "w");
  try {
    for (let left = size; left > 0; left -= block.length)
      writeSync(file, block, 0, Math.min(left, block.length));
  } finally {
    closeSync(file);
  }
}
