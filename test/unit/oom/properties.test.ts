import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../src/base/stats/random.js";
import type { ExplainedReport, Explanation } from "../../../src/oom/explain.js";
import { explain } from "../../../src/oom/explain.js";
import { FRAMEWORKS } from "../../../src/oom/frameworks.js";
import { GRAMMARS } from "../../../src/oom/grammar/index.js";
import { explanationPage } from "../../../src/oom/page.js";
import { parseCard } from "../../../src/model/index.js";
import { MESSAGES, pick, whole } from "./messages.js";
import { scanText } from "./support.js";

async function explained(text: string): Promise<Explanation> {
  return explain(await scanText(text));
}

async function only(text: string): Promise<ExplainedReport> {
  const { reports } = await explained(text);
  expect(reports, text).toHaveLength(1);
  return reports[0] as ExplainedReport;
}

interface Told {
  asked: number;
  total: number;
  free: number;
  allocated: number;
  unused: number;
  gpu?: number;
}

const told = ({ asked, total, free, allocated, unused, gpu = 0 }: Told): string =>
  `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${asked.toFixed(2)} GiB. GPU ${gpu} has a total capacity of ${total.toFixed(2)} GiB of which ${free.toFixed(2)} GiB is free. Of the allocated memory ${allocated.toFixed(2)} GiB is allocated by PyTorch, and ${unused.toFixed(2)} GiB is reserved by PyTorch but unallocated.\n`;

const story = ({ diagnosis, changes }: ExplainedReport): unknown => [
  diagnosis[0]?.name,
  changes[0]?.change.replace(/; it is short by [\d.,]+ \w+ now, and the next requests follow/, ""),
];

describe("one printed digit around equality", () => {
  test("of free memory and request does not change the story", async () => {
    const random = seededRandom(31);
    for (let round = 0; round < 60; round += 1) {
      const asked = 0.5 + 3 * random();
      const total = pick(random, [14.74, 23.64, 44.43, 79.15]);
      const unused = pick(random, [0.05, 0.4, 2]);
      const allocated = total - asked - unused - 0.6;
      const stories = new Set<string>();
      for (const step of [-0.01, 0, 0.01])
        stories.add(
          JSON.stringify(story(await only(told({ asked, total, free: asked + step, allocated, unused })))),
        );
      expect(stories.size, [...stories].join("\n")).toBe(1);
    }
  });

  test("of the reserve with what is free, and request, does not change the story", async () => {
    const random = seededRandom(32);
    for (let round = 0; round < 60; round += 1) {
      const asked = 1 + 3 * random();
      const total = pick(random, [14.74, 23.64, 44.43]);
      const unused = asked * (0.3 + 0.4 * random());
      const free = asked - unused;
      const allocated = total - free - unused - 0.5;
      const stories = new Set<string>();
      for (const step of [-0.01, 0, 0.01])
        stories.add(
          JSON.stringify(story(await only(told({ asked, total, free: free + step, allocated, unused })))),
        );
      expect(stories.size, [...stories].join("\n")).toBe(1);
    }
  });

  test("2.09, 2.10 and 2.11 GiB free for 2.10 GiB are one story", async () => {
    const all = [2.09, 2.1, 2.11].map((free) =>
      only(told({ asked: 2.1, total: 14.74, free, allocated: 12, unused: 0.1 })),
    );
    expect((await Promise.all(all)).map(({ diagnosis }) => diagnosis[0]?.name)).toEqual([
      "card-full",
      "card-full",
      "card-full",
    ]);
  });
});

describe("the order of advice", () => {
  test("a card full of live tensors is told to use less, never only to set the allocator", async () => {
    const random = seededRandom(33);
    for (let round = 0; round < 60; round += 1) {
      const total = pick(random, [14.74, 23.64, 44.43, 79.15]);
      const free = 0.02 + 0.1 * random();
      const unused = 0.009 * total * random();
      const allocated = total - free - unused - 0.4;
      const { diagnosis, changes } = await only(
        told({ asked: free + 0.5 * random() + 0.05, total, free, allocated, unused }),
      );
      expect(diagnosis[0]?.name).toBe("card-full");
      expect(changes[0]?.change).toMatch(/shorter|smaller|less/);
      expect(changes.map(({ change }) => change).join()).not.toContain("expandable_segments");
    }
  });

  test("much free memory points to the host, not to pieces", async () => {
    const random = seededRandom(34);
    for (let round = 0; round < 40; round += 1) {
      const asked = 0.1 + random();
      const { diagnosis, changes } = await only(
        told({ asked, total: 24, free: asked + 1 + 4 * random(), allocated: 8, unused: 1 + 3 * random() }),
      );
      expect(diagnosis[0]?.name).toBe("refused-although-free");
      expect(changes[0]?.change).toContain("page file");
    }
  });

  test("what is missing is never called saved", async () => {
    const { changes } = await only(told({ asked: 2, total: 24, free: 0.1, allocated: 23, unused: 0.1 }));
    expect(changes.every(({ savesBytes }) => savesBytes === null)).toBe(true);
    expect(changes[0]?.change).toContain("short by 1.90 GiB");
  });
});

describe("grouping", () => {
  test("ranks of one failure are one cause, with a row for each card", async () => {
    const random = seededRandom(35);
    for (let round = 0; round < 20; round += 1) {
      const ranks = whole(random, 2, 8);
      const log = Array.from(
        { length: ranks },
        (_, gpu) =>
          `[rank${gpu}]: ${told({ asked: 3.5 + 0.02 * whole(random, 0, 1), total: 79.15, free: 0.1, allocated: 78, unused: 0.2, gpu })}`,
      ).join("step 7 of 100\n");
      const explanation = await explained(log);
      expect(explanation.reports.map(({ group }) => group)).toEqual(Array.from({ length: ranks }, () => 1));
      const page = explanationPage(explanation).replaceAll(/\s+/g, " ");
      expect(page).toContain(`${ranks} reports, one cause`);
      expect(page).toContain(`GPUs 0 to ${ranks - 1}`);
    }
  });

  test("different failures are causes of their own", async () => {
    const { reports } = await explained(
      `${told({ asked: 3.5, total: 24, free: 0.1, allocated: 23, unused: 0.1 })}MemoryError: Unable to allocate 1.00 GiB for an array with shape (134217728,) and data type float64\nMemory cgroup out of memory: Killed process 9 (a) total-vm:3000kB, anon-rss:2000kB, file-rss:0kB, shmem-rss:0kB\nMemory cgroup out of memory: Killed process 10 (b) total-vm:3000kB, anon-rss:2000kB, file-rss:0kB, shmem-rss:0kB\n`,
    );
    expect(reports.map(({ group }) => group)).toEqual([1, 2, 3, 4]);
  });

  test("TensorFlow's tries are one report", async () => {
    let bytes = 16 * 2 ** 30;
    const lines = Array.from({ length: 6 }, () => {
      const line = `2024-01-01 10:00:00.000000: E tensorflow/stream_executor/cuda/cuda_driver.cc:828] failed to allocate ${(bytes / 2 ** 30).toFixed(2)}G (${bytes} bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory`;
      bytes = Math.ceil(bytes * 0.9);
      return line;
    });
    const { diagnosis, details } = await only(`${lines.join("\n")}\n`);
    expect([diagnosis.map(({ name }) => name), details.tries]).toEqual([["arena-refused"], 6]);
  });
});

test("an echoed line of source is no report, and the printed error is one", async () => {
  const { reports } = await explained(
    '  File "/x/vllm/v1/core/kv_cache_utils.py", line 6, in check\n    raise ValueError("No available memory for the cache blocks. "\nValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`.\n',
  );
  expect(reports.map(({ line }) => line)).toEqual([3]);
});

test("no line of a page is wider than the terminal, whatever the report and the width", async () => {
  const random = seededRandom(36);
  for (const make of Object.values(MESSAGES)) {
    const explanation = await explained(`loading Qwen/Qwen2.5-3B-Instruct\n${make(random).text}\n`);
    for (const width of [60, 80, 120]) {
      const wide = explanationPage(explanation, { width })
        .split("\n")
        .filter((line) => line.length > width);
      expect(wide).toEqual([]);
    }
  }
});

test("each framework that a grammar names has a title and advice", async () => {
  const random = seededRandom(37);
  for (const [name, make] of Object.entries(MESSAGES)) {
    const { reports } = await explained(`${make(random).text}\n`);
    for (const { changes, details } of reports)
      if (details.warningOnly !== true) expect(changes.length, name).toBeGreaterThan(0);
  }
  expect(FRAMEWORKS.filter(({ title, advice }) => title === "" || advice.length === 0)).toEqual([]);
});

test("each grammar can be found", () => {
  expect(GRAMMARS.filter(({ needles }) => needles.length === 0).map(({ name }) => name)).toEqual([]);
});

test("a card that is given stands in for a capacity that the text does not state", async () => {
  const text =
    "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory allocating 26843545600 bytes.\n";
  const { reports } = explain(await scanText(text), undefined, parseCard("T4"));
  expect(reports[0]?.diagnosis[0]?.name).toBe("never-fits");
  expect(reports[0]?.totalBytes).toBeNull();
});

test("a card that the log names is used", async () => {
  const { card } = await explained(`GPU 0: NVIDIA A100-SXM4-80GB\nRuntimeError: CUDA error: out of memory\n`);
  expect(card).toBe("A100-80GB");
});

describe("a text that was changed on its way", () => {
  const [asked, expected] = [
    told({ asked: 2, total: 24, free: 0.5, allocated: 23, unused: 0.1 }).trim(),
    { requestedBytes: 2 * 2 ** 30, freeBytes: 2 ** 29 },
  ];
  test.each<[string, string]>([
    [
      "with bold words",
      asked
        .replace("CUDA out of", "CUDA \u001b[1mout of\u001b[0m")
        .replace("Tried to", "\u001b[1mTried\u001b[22m to"),
    ],
    [
      "with HTML's entities",
      `&quot;${asked.replace("of which ", "of&nbsp;which&nbsp;").replace("GPU 0", "GPU&#160;0")}&quot;<br>next`,
    ],
    [
      "in a box",
      `╭─ Error ─────╮\n${(asked.match(/.{1,70}/g) ?? []).map((part) => `│ ${part.padEnd(70)} │`).join("\n")}\n╰─────╯`,
    ],
    ["in a table", (asked.match(/.{1,60}/g) ?? []).map((part) => `| ${part.padEnd(60)} |`).join("\n")],
  ])("%s is read all the same", async (_, text) => {
    expect(await only(`${text}\n`)).toMatchObject(expected);
  });
});
