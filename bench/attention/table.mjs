/**
 * Attention on the processor, side by side with its peers, as Markdown on stdout:
 * node bench/attention/table.mjs [--tokens 1024,2048,4096] [--threads T] [--runs R] [--rounds N]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { availableParallelism } from "node:os";
import { inAlternation } from "../harness.mjs";
import { conditions, markdownTable } from "../markdown.mjs";
import { HEADS, HEAD_DIM } from "./inputs.mjs";
import { wholeNumber } from "./options.mjs";
import { ownContestants } from "./own.mjs";
import { preparePeers } from "./peers.mjs";

const FLASH = "bytesper flash";
const HEAD = ["route", "median (range), ms", "GFLOP/s", "of the multiply-add peak", `${FLASH} against it`];

/** Our kernels against every peer that could be prepared. */
export async function attentionVsPeers(rounds, { sizes, threads, runs }) {
  const contestants = [...ownContestants(), ...(await preparePeers())];
  const bySize = new Map();
  for (const tokens of sizes) {
    bySize.set(tokens, await inAlternation(timed(contestants, { tokens, threads, runs }), rounds));
  }
  const peak = highestPeak([...bySize.values()]);
  const tables = [...bySize].map(
    ([tokens, results]) => `### ${tokens} tokens\n\n${markdownTable(HEAD, rowsOf(results, peak))}`,
  );
  const answers = [...bySize.values()].flatMap((results) =>
    [...results.values()].map((one) => one.answers[0]),
  );
  const skips = new Map([...contestants, ...answers].map(({ peer, skipped }) => [peer, skipped]));
  return [
    "## Attention on the processor against its peers",
    [
      `Forward, fp32, one sequence, ${HEADS} heads of ${HEAD_DIM}, no mask, ${threads} threads; operations are`,
      `4 x heads x tokens^2 x ${HEAD_DIM}. Here the times are of the computation alone, not of the process.`,
    ].join("\n"),
    ...tables,
    ...[...skips].flatMap(([peer, reason]) => (reason === undefined ? [] : [`${peer}: skipped, ${reason}.`])),
  ].join("\n\n");
}

function timed(contestants, options) {
  const able = contestants.filter(({ skipped }) => skipped === undefined);
  return able.map(({ peer, run }) => ({
    name: peer,
    run: async () => {
      const answer = await run(options);
      return { wallMs: answer.medianMs, answer };
    },
  }));
}

function highestPeak(tables) {
  const answers = tables.flatMap((results) => [...results.values()].flatMap((one) => one.answers));
  const peaks = answers.flatMap(({ maxGflops }) => maxGflops ?? []);
  return peaks.length === 0 ? undefined : Math.max(...peaks);
}

/** Rate at the median over the rounds. */
function rateOf({ medianMs, answers }) {
  const [{ medianMs: ms, gflops }] = answers;
  return (ms * gflops) / medianMs;
}

function rowsOf(results, peak) {
  const rows = [];
  const flash = results.get(FLASH);
  for (const [name, { medianMs, fastestMs, slowestMs, answers }] of results) {
    const { maxGflops, skipped } = answers[0];
    if (skipped !== undefined) continue;
    const isPeak = maxGflops !== undefined;
    const rate = isPeak
      ? Math.max(...answers.map((answer) => answer.maxGflops))
      : rateOf({ medianMs, answers });
    const [median, fastest, slowest] = [medianMs, fastestMs, slowestMs].map((value) => value.toFixed(1));
    const times = isPeak ? "" : `${median} (${fastest} to ${slowest})`;
    const share = peak === undefined ? "" : `${((100 * rate) / peak).toFixed(0)} %`;
    const ratio = isPeak || flash === undefined ? "" : (rateOf(flash) / rate).toFixed(2);
    rows.push([name, times, rate.toFixed(0), share, ratio]);
  }
  return rows;
}

async function main() {
  const text = (value) => ({ type: "string", default: value });
  const { values } = parseArgs({
    options: {
      tokens: text("1024,2048,4096"),
      threads: text(`${availableParallelism()}`),
      runs: text("5"),
      rounds: text("3"),
    },
  });
  const rounds = wholeNumber("rounds", values.rounds);
  const options = {
    sizes: values.tokens.split(",").map((size) => wholeNumber("tokens", size)),
    threads: wholeNumber("threads", values.threads),
    runs: wholeNumber("runs", values.runs),
  };
  console.log([conditions(rounds), await attentionVsPeers(rounds, options)].join("\n\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  }
}
