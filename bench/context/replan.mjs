/**
 * Time of one more prompt of a long history, against counting the whole chat again:
 * node bench/context/replan.mjs [ROUNDS] [MESSAGES]
 */
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { Bench } from "tinybench";
import {
  budgetPolicy,
  composePolicy,
  fixedPolicy,
  generateTranscript,
  History,
  KEEP_ALL,
  keepWhole,
  openTokenizer,
  replaceOldResults,
} from "bytesper/context";
import { encodeChat } from "gpt-tokenizer/model/gpt-4o";
import { markdownTable } from "../markdown.mjs";

/** Timed prompts of a policy in one round; p99 is of all rounds. */
const TURNS = 200;
/** Prompts before any is timed: the first counts every message, and V8 compiles. */
const WARM_TURNS = 100;
const PEER_TURNS = 3;
const PEER = "gpt-tokenizer encodeChat of all messages";

/** A history that grows by a call and a result for each prompt. */
class GrowingHistory {
  #history;
  #added = 0;

  constructor(policy, tokenizer, messages) {
    this.#history = new History({ policy, tokenizer });
    for (const message of messages) this.#history.add(message);
  }

  next() {
    return this.#history.next();
  }

  grow() {
    const id = `more-${this.#added++}`;
    const toolCalls = [{ id, name: "search", arguments: "{}" }];
    this.#history.add({ role: "assistant", content: `Step ${id}.`, toolCalls });
    this.#history.add({ role: "tool", content: `${id}: nothing new, go on. `.repeat(25), toolCallId: id });
  }
}

/** As Markdown. */
export async function contextReplan(rounds, count = 10_000) {
  const tokenizer = await openTokenizer();
  const messages = messagesOf(count, tokenizer);
  const tokens = messages.reduce((sum, { content }) => sum + tokenizer.count(content), 0);
  const policies = [
    KEEP_ALL,
    fixedPolicy({ keep: 3, turns: 8, newTokens: 700 }),
    composePolicy("old results as notices", keepWhole(3), replaceOldResults()),
    budgetPolicy({ capacityTokens: 8000, newTokens: 700 }),
    { ...budgetPolicy({ capacityTokens: Math.round(tokens / 2), newTokens: 700 }), name: "budget of half" },
  ];
  const chat = messages.map(({ role, content }) => ({ role, content }));
  const times = new Map(policies.map(({ name }) => [name, { first: [], next: [] }]));
  const peer = [];
  for (let round = 0; round < rounds; round++) {
    for (const policy of policies) {
      const { first, next } = times.get(policy.name);
      const history = new GrowingHistory(policy, tokenizer, messages);
      const start = performance.now();
      await history.next();
      first.push(performance.now() - start);
      for (let turn = 0; turn < WARM_TURNS; turn++) {
        history.grow();
        await history.next();
      }
      const samples = await samplesOf(
        TURNS,
        () => history.next(),
        () => history.grow(),
      );
      next.push(...samples);
    }
    peer.push(...(await samplesOf(PEER_TURNS, () => encodeChat(chat).length)));
  }
  const peerMedian = quantile(peer, 0.5);
  return [
    `## One more prompt of a history of ${count.toLocaleString("en-US")} messages, ${tokens.toLocaleString("en-US")} tokens`,
    `Each turn adds a call and a result of some 200 tokens, which are counted in the time; p99 is of ${(rounds * TURNS).toLocaleString("en-US")} turns. The peer counts the whole chat again, in which pruning is not included; its share is of the medians.`,
    markdownTable(
      ["policy", "first (ms)", "median (ms)", "p99 (ms)", "of the peer"],
      [
        ...[...times].map(([name, { first, next }]) => [
          name,
          quantile(first, 0.5).toFixed(0),
          quantile(next, 0.5).toFixed(2),
          quantile(next, 0.99).toFixed(2),
          `${((100 * quantile(next, 0.5)) / peerMedian).toFixed(2)} %`,
        ]),
        [PEER, "", peerMedian.toFixed(0), "", "100 %"],
      ],
    ),
  ].join("\n\n");
}

/** Milliseconds of `runs` calls, with `before` each outside of the time. */
async function samplesOf(runs, run, before) {
  const bench = new Bench({ iterations: runs, time: 0, warmup: false, retainSamples: true });
  bench.add("next", run, before === undefined ? {} : { beforeEach: before });
  await bench.run();
  return bench.tasks[0].result.latency.samples;
}

/** The sample below which that share of them lies. */
function quantile(samples, share) {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

function messagesOf(count, tokenizer) {
  const messages = [];
  for (let seed = 1; messages.length < count; seed++) {
    const { messages: more } = generateTranscript({ workload: "tool-use", seed, turns: 200, tokenizer });
    messages.push(...(seed === 1 ? more : more.slice(1)));
  }
  return messages.slice(0, count);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [rounds = "1", count = "10000"] = process.argv.slice(2);
  console.log(await contextReplan(Number(rounds), Number(count)));
}
