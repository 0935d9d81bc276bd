import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, inFolder } from "./cli.js";
import { realData } from "./data.js";
import { bytesperInOneProcess } from "./one-process.js";

const inOneProcess = bytesperInOneProcess();

interface Totals {
  policy: string;
  turns: number;
  largestPeakBytes: number;
  exceededAtTurn: number | { absent: string };
  conversationsOver: number;
  conversationsRefused: number;
  keptTokens: number;
  tokensLost: number;
  toolResults: number;
  toolResultsLost: number;
}

interface Printed {
  model: string;
  tokenizer: string;
  capacityBytes: number;
  promptTokens: number;
  conversations: number;
  policies: Totals[];
  replays: {
    conversation: string;
    policy: string;
    turns: {
      turn: number;
      inputTokens: number;
      peakBytes: number;
      measuredPeakBytes: number | { absent: string };
      overCapacity: boolean;
    }[];
  }[];
  notes: string[];
}

async function printed(...args: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await bytesper([
    "simulate-context",
    "--attention",
    "eager",
    ...args,
    "--json",
  ]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Printed;
}

const POLICIES = ["none", "3/8/700", "2/6/500", "1/4/300", "summaries", "budget"];

/** The budget's totals and those of the fixed policies. */
function contestants({ policies }: Printed): { budget: Totals; fixed: Totals[] } {
  const budget = policies.find(({ policy }) => policy === "budget");
  if (budget === undefined) throw new Error("no totals of the budget");
  return { budget, fixed: policies.filter(({ policy }) => policy.includes("/")) };
}

describe("generated conversations", async () => {
  const result = await printed("--workload", "heavy", "--turns", "12", "--measure", "500");

  test("all policies are replayed, with a row for each turn", () => {
    expect(result.policies.map(({ policy }) => policy)).toEqual(POLICIES);
    expect(result).toMatchObject({ model: "Qwen2.5-3B", tokenizer: "o200k_base", conversations: 1 });
    expect(result.capacityBytes).toBe(Math.round(14.74 * 2 ** 30));
    for (const { turns } of result.replays)
      expect(turns.map(({ turn }) => turn)).toEqual([...Array(12).keys()].map((turn) => turn + 1));
  });

  test("without pruning the prompts only grow, and the capacity is exceeded where the rows say", () => {
    const { turns = [] } = result.replays.find(({ policy }) => policy === "none") ?? {};
    const tokens = turns.map(({ inputTokens }) => inputTokens);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    const first = turns.find(({ peakBytes }) => peakBytes > result.capacityBytes)?.turn;
    expect(result.policies[0]?.exceededAtTurn).toBe(first);
    expect(turns.filter(({ overCapacity }) => overCapacity).map(({ turn }) => turn)[0]).toBe(first);
  });

  test("the budget never exceeds the capacity and is read more of than any other", () => {
    const { budget } = contestants(result);
    expect(budget.exceededAtTurn).toEqual({ absent: "no turn is over the capacity" });
    for (const other of result.policies.filter(({ policy }) => policy !== "budget"))
      expect(budget.keptTokens, other.policy).toBeGreaterThan(other.keptTokens);
  });

  test("peaks are measured where the time allows, and absent with a reason elsewhere", () => {
    const readings = result.replays.flatMap(({ turns }) => turns);
    for (const { measuredPeakBytes, peakBytes } of readings) {
      if (typeof measuredPeakBytes === "number") expect(measuredPeakBytes / peakBytes).toBeCloseTo(1, 1);
      else expect(measuredPeakBytes.absent).toMatch(/^not run: the time for measuring|addon/);
    }
    expect(readings.some(({ measuredPeakBytes }) => typeof measuredPeakBytes === "object")).toBe(true);
  });
});

test("the tables show totals, the curve and what marks the capacity", async () => {
  const args = ["--workload", "heavy", "--turns", "8", "--measure", "0", "--policy", "none", "budget"];
  const { code, stdout, stderr } = await bytesper([
    "simulate-context",
    "--verbose",
    "--attention",
    "eager",
    ...args,
  ]);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(
    /^Policies on one conversation: Qwen2\.5-3B, eager attention, capacity 14\.74 GiB\n/,
  );
  expect(stdout).toMatch(/\nTurn by turn: heavy, seed 1\n/);
  expect(stdout).toMatch(/\n +8 +over [\d,]+ \/ [\d.]+ +[\d,]+ \/ [\d.]+\n/);
  expect(stderr).toBe("");
});

test("attention without stored scores is the default, and a history that fits needs no pruning", async () => {
  const args = ["--turns", "3", "--measure", "0", "--policy", "none"];
  const { code, stdout, stderr } = await bytesper(["simulate-context", ...args]);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/Nothing needs pruning here: with flash attention/);
});

test("a transcript and a model of one's own", async () => {
  await inFolder(async (folder) => {
    const config = join(folder, "tiny.json");
    writeFileSync(
      config,
      JSON.stringify({
        model_type: "llama",
        hidden_size: 64,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        intermediate_size: 128,
        vocab_size: 1000,
        max_position_embeddings: 4096,
        torch_dtype: "float16",
      }),
    );
    const file = join(folder, "talk.jsonl");
    const messages = [
      { role: "tool", content: "a result without its call" },
      { role: "user", content: "hello" },
      { role: "assistant", content: "hi" },
      { role: "user", content: "bye" },
      { role: "assistant", content: "bye" },
    ];
    writeFileSync(file, `${JSON.stringify({ conversation_id: "odd", messages })}\n`);
    const args = ["--transcript", file, "--model", config, "--capacity", "1GiB", "--measure", "0"];
    const result = await printed(...args, "--policy", "2/3/50", "budget");
    expect(result).toMatchObject({ model: "tiny", conversations: 1, promptTokens: 4096 });
    expect(result.policies.map(({ policy, turns }) => [policy, turns])).toEqual([
      ["2/3/50", 2],
      ["budget", 2],
    ]);
    expect(result.notes).toEqual([
      "odd: Message 1 is a tool's result, and no call stands before it; it is kept where it stands.",
    ]);
  });
});

test.each([
  [["--policy", "3/8"], /^"3\/8" is not a policy; give none, /],
  [["--policy", "9/8/700"], /^A policy cannot keep 9 turns whole and show at most 8; /],
  [
    ["--transcript", "missing.jsonl"],
    /^missing\.jsonl does not exist; give a file with one conversation a line\.\n$/,
  ],
  [["--conversation", "x"], /^--conversation names one of a file's; give --transcript FILE with it\.\n$/],
  [["--model", "missing.json"], /missing\.json cannot be read as a config\.json: /],
  [["--capacity", "much"], /"much" is not a size/],
  [["--capacity", "14.74"], /"14\.74" is 15 bytes, .* such as 14\.74GiB/],
  [["--turns", "1000000000"], /Expected a whole number from 1 to 2000/],
  [["--policy", ","], /^There is no policy to simulate; name one\.\n$/],
  [["--workload", "light"], /Allowed choices are tool-use, heavy/],
])("a mistake is one sentence and exit 2: %j", async (args, sentence) => {
  const { code, stdout, stderr } = await inOneProcess(["simulate-context", ...args]);
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("names of policies may have commas between them", async () => {
  const { policies } = await printed("--policy", "3/8/700,budget", "--turns", "2", "--measure", "0");
  expect(policies.map(({ policy }) => policy)).toEqual(["3/8/700", "budget"]);
});

test.each([
  ["", /^\S+ holds no conversation; expected one JSON object a line\.\n$/],
  ['{"messages":[{"role":"user","content":"a"}]}\n{"messages":[{"ro', /^\S+, line 2 is not JSON; expected /],
  ['{"messages":[]}', /^\S+, line 1 has no "messages", which must be a list of at least one /],
  ["\u0000\u0001\u001b[31m", /^\S+, line 1 is not JSON; expected /],
])("a transcript of %j is one sentence", async (text, sentence) => {
  await inFolder(async (folder) => {
    const path = join(folder, "talks.jsonl");
    writeFileSync(path, text);
    const { code, stdout, stderr } = await inOneProcess(["simulate-context", "--transcript", path]);
    expect(stderr).toMatch(sentence);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });
});

test.for(["tool-tau-bench-airline.jsonl", "tool-swe-agent.jsonl"])(
  "real conversations of %s: the budget loses least without exceeding the capacity",
  { timeout: 180_000 },
  async (name, { skip }) => {
    const { path, missing } = realData(`conversations/${name}`);
    if (missing !== undefined) skip(missing);
    const result = await printed("--transcript", path, "--measure", "0");
    const { budget, fixed } = contestants(result);
    expect(result.policies.every(({ turns }) => turns === budget.turns)).toBe(true);
    expect(budget).toMatchObject({ conversationsOver: 0, conversationsRefused: 0 });
    expect(budget.largestPeakBytes).toBeLessThanOrEqual(result.capacityBytes);
    for (const policy of fixed) {
      expect(budget.keptTokens, policy.policy).toBeGreaterThan(policy.keptTokens);
      expect(budget.tokensLost, policy.policy).toBeLessThan(policy.tokensLost);
      expect(budget.toolResultsLost, policy.policy).toBeLessThan(policy.toolResultsLost);
    }
  },
);

test("a quick profile has the policies and the curve", { timeout: 120_000 }, async () => {
  await inFolder(async (folder) => {
    const { code, stderr } = await bytesper([
      "profile",
      "pruning-policy",
      "--quick",
      "--device",
      "cpu",
      "--out",
      folder,
    ]);
    expect(code, stderr).toBe(0);
    const file = join(folder, "pruning-policy", "result.json");
    const result = parseResult(readFileSync(file, "utf8"), file);
    expect(result.complete).toBe(true);
    expect(result.rows.map(({ factors, outcome }) => [factors, outcome])).toEqual([
      [{ workload: "heavy", policy: "budget" }, "ok"],
    ]);
    expect(result.rows[0]?.readings).toMatchObject({
      exceededAtTurn: { absent: "no turn is over the capacity" },
      turns: { value: 12 },
    });
    const [curve] = result.followUps ?? [];
    const tokens = (name: string): number => (curve?.rows[0]?.readings[name] as { value: number }).value;
    expect(tokens("noneTokens")).toBeGreaterThan(tokens("keep3Tokens"));
    expect(tokens("keep3Tokens")).toBeGreaterThan(tokens("keep1Tokens"));
    expect(tokens("budgetPeakBytes")).toBeLessThan(14.74 * 2 ** 30);
  });
});
