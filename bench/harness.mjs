import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";

/**
 * Runs a program to its end and answers its wall time, from start to exit, and its stdout. Throws with the
 * last line of stderr when it fails.
 */
export function runProgram(file, args) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const wallMs = performance.now() - start;
      if (code === 0) resolve({ wallMs, stdout });
      else reject(new Error(stderr.trim().split("\n").at(-1) || `${file} ended with ${signal ?? code}`));
    });
  });
}

/**
 * Runs the contestants in turn, `rounds` times, so that a slow minute of the machine meets all of them.
 * Each answers {wallMs, answer}; the result holds the median and the extremes of the time, and all answers.
 */
export async function inAlternation(contestants, rounds) {
  const runs = new Map(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, run } of contestants) {
      process.stderr.write(`bench: ${name}, round ${round} of ${rounds}\n`);
      runs.get(name).push(await run());
    }
  }
  return new Map(
    [...runs].map(([name, results]) => {
      const times = results.map(({ wallMs }) => wallMs).sort((a, b) => a - b);
      const timing = { medianMs: median(times), fastestMs: times[0], slowestMs: times.at(-1) };
      return [name, { ...timing, answers: results.map(({ answer }) => answer) }];
    }),
  );
}

/** Of sorted numbers. */
function median(sorted) {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function lastJsonLine(text) {
  return JSON.parse(text.trim().split("\n").at(-1));
}
