/**
 * Time of one more prompt of a long history, against counting the whole chat again:
 * node bench/context/replan.mjs [MESSAGES]
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

const TURNS = 60;
/** Prompts before any is timed: the first counts every message, and V8 compiles. */
const WARM_TURNS = 20;
const PEER_TURNS = 5;
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
export async function contextReplan(count = 10_000) {
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
  const rows = [];
  for (const policy of policies) {
    const history = new GrowingHistory(policy, tokenizer, messages);
    const start = performance.now();
    await history.next();
    const firstMs = performance.now() - start;
    for (let turn = 0; turn < WARM_TURNS; turn++) {
      history.grow();
      await history.next();
    }
    const latency = await latencyOf(
      TURNS,
      () => history.next(),
      () => history.grow(),
    );
    rows.push([policy.name, firstMs, latency]);
  }
  const chat = messages.map(({ role, content }) => ({ role, content }));
  const peer = await latencyOf(PEER_TURNS, () => encodeChat(chat).length);
  return [
    `## One more prompt of a history of ${count.toLocaleString("en-US")} messages, ${tokens.toLocaleString("en-US")} tokens`,
    `Each turn adds a call and a result of some 200 tokens, which are counted in the time. The peer counts the whole chat again, in which pruning is not included; its share is of the medians.`,
    markdownTable(
      ["policy", "first (ms)", "median (ms)", "p99 (ms)", "of the peer"],
      [
        ...rows.map(([name, firstMs, { p50, p99 }]) => [
          name,
          firstMs.toFixed(0),
          p50.toFixed(2),
          p99.toFixed(2),
          `${((100 * p50) / peer.p50).toFixed(2)} %`,
        ]),
        [PEER, "", peer.p50.toFixed(2), peer.p99.toFixed(2), "100 %"],
      ],
    ),
  ].join("\n\n");
}

/** Milliseconds of `runs` calls, with `before` each outside of the time. */
async function latencyOf(runs, run, before) {
  const bench = new Bench({ iterations: runs, time: 0, warmup: false });
  bench.add("next", run, before === undefined ? {} : { beforeEach: before });
  await bench.run();
  return bench.tasks[0].result.latency;
}

function messagesOf(count, tokenizer) {
  const messages = [];
  for (let seed = 1; messages.length < count; seed++) {
    const { messages: more } = generateTranscript({ workload: "tool-use", seed, turns: 200, tokenizer });
    messages.push(...(seed === 1 ? more : more.slice(1)));
  }
  return messages.slice(0, count);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log(await contextReplan(process.argv[2] === undefined ? undefined : Number(process.argv[2])));
