import { describe, expect, test } from "vitest";
import type { Explanation, ExplainedReport } from "../../../src/oom/explain.js";
import { explain } from "../../../src/oom/explain.js";
import { KNOWN_TITLES, knownModel } from "../../../src/model/index.js";
import { explanationPage } from "../../../src/oom/page.js";
import { GIB, MIB, scanText } from "./support.js";

async function explained(log: string): Promise<Explanation> {
  return explain(await scanText(log));
}

async function only(log: string): Promise<ExplainedReport> {
  const { reports } = await explained(log);
  expect(reports).toHaveLength(1);
  return reports[0] as ExplainedReport;
}

const names = ({ diagnosis }: ExplainedReport): string[] => diagnosis.map(({ name }) => name);

/** A report of PyTorch 1.4 to 2.0 in GiB. */
const listed = (asked: string, total: string, allocated: string, free: string, reserved: string): string =>
  `RuntimeError: CUDA out of memory. Tried to allocate ${asked} GiB (GPU 0; ${total} GiB total capacity; ${allocated} GiB already allocated; ${free} GiB free; ${reserved} GiB reserved in total by PyTorch)\n`;
/** One of 2.1 and later. */
const told = (asked: string, total: string, free: string, own: string, allocated: string): string =>
  `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${asked} GiB. GPU 0 has a total capacity of ${total} GiB of which ${free} GiB is free. Process 7 has 12.00 GiB memory in use. Including non-PyTorch memory, this process has ${own} GiB memory in use. Of the allocated memory ${allocated} GiB is allocated by PyTorch, and 0.10 GiB is reserved by PyTorch but unallocated.\n`;

describe("a diagnosis", () => {
  test.each<[what: string, log: string, names: string[]]>([
    ["a request over the capacity", listed("20.00", "16.00", "1.00", "14.00", "1.50"), ["never-fits"]],
    [
      "a request of exbibytes",
      listed("1099511627776.00", "16.00", "1.00", "14.00", "1.50"),
      ["absurd-request", "never-fits"],
    ],
    [
      "an unused reserve that would have served",
      listed("2.00", "16.00", "9.00", "0.50", "15.00"),
      ["fragmentation"],
    ],
    [
      "more allocated than there is",
      listed("1.00", "8.00", "12.00", "0.00", "12.00"),
      ["system-memory-spill"],
    ],
    ["another process on the card", told("1.00", "24.00", "0.50", "11.00", "10.00"), ["other-process"]],
    ["a card that this process fills", told("1.00", "24.00", "0.50", "23.00", "22.00"), ["card-full"]],
    [
      "a refusal of less than is free",
      listed("1.00", "16.00", "2.00", "8.00", "2.00"),
      ["refused-although-free"],
    ],
    [
      "V8's limit",
      "<--- Last few GCs --->\n[7:0x5570] 1 ms: Mark-Compact 90.0 (100.0) -> 80.0 (96.0) MB, 1 / 0 ms\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n",
      ["heap-limit"],
    ],
    [
      "a control group's limit",
      "Memory cgroup out of memory: Killed process 9 (a) total-vm:3000kB, anon-rss:2000kB, file-rss:0kB, shmem-rss:0kB\n",
      ["group-limit"],
    ],
    [
      "llama.cpp in main memory",
      "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 20401094656\n",
      ["host-memory"],
    ],
    ["nothing but words", "RuntimeError: CUDA error: out of memory\n", ["no-figures"]],
  ])("%s", async (_, log, expected) => {
    expect(names(await only(log))).toEqual(expected);
  });

  test("says what a fragmented reserve is, and what using it gives", async () => {
    const { diagnosis, changes } = await only(listed("2.00", "16.00", "9.00", "0.50", "15.00"));
    expect(diagnosis[0]?.message).toContain("6.00 GiB are reserved and not in use, enough for the 2.00 GiB");
    expect(changes[0]).toMatchObject({ savesBytes: 6 * GIB });
  });

  test("does not claim what the printed digits leave open", async () => {
    const { diagnosis } = await only(listed("2.10", "14.74", "11.00", "1.05", "13.10"));
    expect(diagnosis[0]?.message).toContain("as far as the printed digits tell");
  });

  test("names how much others hold", async () => {
    const { diagnosis } = await only(told("1.00", "24.00", "0.50", "11.00", "10.00"));
    // 24 - 0.5 - 11
    expect(diagnosis[0]?.message).toContain("others hold 12.50 GiB (process 7 12.00 GiB)");
  });
});

/** 16 heads, 2 for keys and values of 128; 36 layers, 2048 wide, 11,008 in between, 151,936 words. */
const QWEN = "loading Qwen/Qwen2.5-3B-Instruct\n";
const ASKED = listed("2.10", "14.74", "13.00", "0.50", "13.20");

async function hypotheses(log: string): Promise<Record<string, [number | null, string]>> {
  const { hypotheses: found } = await only(log);
  return Object.fromEntries(
    found.map(({ tensor, tokens, plausibility }) => [tensor, [tokens, plausibility]]),
  );
}

describe("a hypothesis", () => {
  test("gives the tokens at which a tensor of the model has the size", async () => {
    const { hypotheses: found } = await only(QWEN + ASKED);
    const of = (name: string): unknown => {
      const { tokens, tokensRange } = found.find(({ tensor }) => tensor === name) ?? {};
      return [tokens, tokensRange];
    };
    // 2.10 GiB is 2,249,489,122 to 2,260,226,539 B, of which the allocator may have added up to 2 MiB - 1.
    // sqrt(2,254,857,830 / 64) = 5935.7; the ends 5925.8 and 5942.7
    expect(of("attention scores, one layer, fp32")).toEqual([5936, [5926, 5942]]);
    // sqrt(2,254,857,830 / 32) = 8394.3
    expect(of("attention scores, one layer, 16 bit")).toEqual([8394, [8381, 8404]]);
    // 2,254,857,830 / 607,744 = 3710.2
    expect(of("logits, all positions, fp32")).toEqual([3710, [3698, 3719]]);
  });

  test("never has a count that the rounding forbids", async () => {
    const { hypotheses: found } = await only(QWEN + ASKED);
    for (const { tokens, tokensRange, bytes, allowedByRounding } of found) {
      if (!allowedByRounding || tokensRange === null || tokens === null) continue;
      expect(tokens).toBeGreaterThanOrEqual(tokensRange[0]);
      expect(tokens).toBeLessThanOrEqual(tokensRange[1]);
      expect(bytes).toBeLessThanOrEqual(2_260_226_539);
      expect(bytes).toBeGreaterThanOrEqual(2_249_489_122 - 2 * MIB + 1);
    }
  });

  test("is ranked by the tokens that the log shows", async () => {
    const [first] = (await only(`${QWEN}Input tokens: 8,390\n${ASKED}`)).hypotheses;
    expect(first).toMatchObject({ tensor: "attention scores, one layer, 16 bit", plausibility: "as-logged" });
    expect(await hypotheses(`${QWEN}Input tokens: 5930\n${ASKED}`)).toMatchObject({
      "attention scores, one layer, fp32": [5936, "as-logged"],
      "attention scores, one layer, 16 bit": [8394, "growth"],
      "logits, all positions, fp32": [3710, "shorter"],
      "key/value cache, all layers": [61_167, "beyond-model"],
    });
  });

  test("leads to changes for what the log shows alone, where it shows any", async () => {
    const { changes } = await only(`${QWEN}Input tokens: 5930\n${ASKED}`);
    // 14.74 GiB is what a T4 has, which is below compute capability 8.0.
    expect(changes[0]?.change).toBe(
      'If it is the attention scores, one layer, fp32: use attention that keeps no scores (attn_implementation="sdpa"; this card cannot run flash_attention_2).',
    );
    expect(changes.filter(({ change }) => change.startsWith("If it is"))).toHaveLength(1);
    expect(changes[0]?.savesBytes).toBe(5936 ** 2 * 16 * 4);
  });

  test("none at the logged tokens points to growth between turns", async () => {
    const report = await only(`${QWEN}Input tokens: 2,100\n${ASKED}`);
    const growth = report.diagnosis.find(({ name }) => name === "growth-between-turns");
    // Logits in fp32 come nearest: 3,710 - 2,100.
    expect(growth?.message).toContain("takes 3,710 tokens, 1,610 more");
  });

  test("needs a model", async () => {
    const { reports, model } = await explained(ASKED);
    expect([model, reports[0]?.hypotheses]).toEqual([null, []]);
  });

  test("of a guessed model says so, with the line of the name", async () => {
    const explanation = await explained(`start\n${QWEN}${ASKED}`);
    expect(explanation.model).toEqual({ name: "Qwen2.5-3B", from: "log", line: 2 });
    expect(explanationPage(explanation)).toContain("guessed by its name in line 2");
  });
});

test.each(KNOWN_TITLES)("the sizes of %s make a model", (title) => {
  const names = title === "Mistral-7B" ? ["Mistral-7B-v0.1"] : [title];
  for (const name of names) expect(knownModel(name)?.shape.layers.length).toBeGreaterThan(0);
});

test.each(["Qwen2.5-", "llama-2-9b", "qwen3-480b", "Mistral-7B-v0.9"])("%s leaves the sizes open", (name) => {
  expect(knownModel(name)).toBeUndefined();
});

describe("the page", () => {
  test("says what repeats once, with its lines", async () => {
    const page = explanationPage(await explained(ASKED.repeat(3)));
    expect(page.match(/could not be had/g)).toHaveLength(1);
    expect(page.replaceAll(/\s+/g, " ")).toContain("(3 reports, one cause; the others in lines 2, 3)");
  });

  test("says the verdict, then what to try first, then the figures", async () => {
    const page = explanationPage(await explained(ASKED)).replaceAll(/\s+/g, " ");
    const [verdict, first, figures] = [
      "short by 1.60 GiB",
      "Try first: Make the input shorter",
      "figure value",
    ].map((text) => page.indexOf(text));
    expect(verdict).toBeGreaterThan(0);
    expect(first).toBeGreaterThan(verdict ?? 0);
    expect(figures).toBeGreaterThan(first ?? 0);
  });
});
