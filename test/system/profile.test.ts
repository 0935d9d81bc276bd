import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Result } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, fitOf, inFolder, MAIN, run } from "./cli.js";
import { realData } from "./data.js";
import { bytesperInOneProcess } from "./one-process.js";

const inOneProcess = bytesperInOneProcess();

const EXPERIMENTS = ["history-window", "instance-overhead", "session-scaling"];

function resultOf(folder: string, experiment: string): Result {
  const file = join(folder, experiment, "result.json");
  return parseResult(readFileSync(file, "utf8"), file);
}

function valueOf(reading: unknown): number {
  return (reading as { value: number }).value;
}

describe("a quick profile of generated conversations", async () => {
  await inFolder(async (folder) => {
    const first = await bytesper(["profile", "--quick", "--out", folder]);
    const results = new Map(EXPERIMENTS.map((name) => [name, resultOf(folder, name)]));
    const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as Record<string, unknown>;
    const index = readFileSync(join(folder, "README.md"), "utf8");
    const journal = readFileSync(join(folder, "journal.jsonl"));
    const pages = EXPERIMENTS.map((name) => readFileSync(join(folder, name, "result.md"), "utf8"));
    const second = await bytesper(["profile", "session-scaling", "--quick", "--out", folder]);
    const again = resultOf(folder, "session-scaling");
    const journals = readdirSync(join(folder, "runs"));
    const get = (name: string): Result => results.get(name) as Result;

    test("ends well and says what it found", () => {
      expect(first.stderr).toMatch(/cells/);
      expect(first.code).toBe(0);
      expect(first.stdout).toMatch(/One session costs/);
      for (const name of EXPERIMENTS) expect(get(name).complete).toBe(true);
    });

    test("one, five and a hundred sessions cost the same, less the fixed cost, within 1 %", () => {
      const { rows, fit } = get("session-scaling");
      const fixed = valueOf((fit as { fixedBytes: unknown }).fixedBytes);
      const per = [1, 5, 100].map((sessions) => {
        const row = rows.find(({ factors }) => factors.sessions === sessions);
        return (valueOf(row?.readings.heapBytes) + valueOf(row?.readings.externalBytes) - fixed) / sessions;
      });
      expect(Math.max(...per) / Math.min(...per)).toBeLessThan(1.01);
    });

    test.each(EXPERIMENTS)("slope and snapshot of %s agree within 1 %", (name) => {
      const { crossCheck } = get(name);
      if ("absent" in crossCheck) throw new Error(crossCheck.absent);
      expect(crossCheck.instances).toBeGreaterThanOrEqual(1000);
      expect(Math.abs(crossCheck.relativeDifference)).toBeLessThan(0.01);
    });

    test.each(EXPERIMENTS)("the breakdowns of %s sum to the snapshot", (name) => {
      const { crossCheck, breakdown, kinds } = get(name);
      const total = (crossCheck as { snapshotPerUnitBytes: number }).snapshotPerUnitBytes;
      const sum = (rows: { bytes: number }[]): number => rows.reduce((bytes, row) => bytes + row.bytes, 0);
      expect(sum(breakdown)).toBeCloseTo(total, 6);
      expect(sum(kinds)).toBeCloseTo(total, 6);
    });

    test.each(EXPERIMENTS)("the residual of each estimate of %s is explained to the byte", (name) => {
      for (const { comparison } of get(name).estimates) {
        const parts = comparison.residual.reduce((bytes, part) => bytes + part.bytes, 0);
        expect(Math.abs(parts - comparison.residualBytes)).toBeLessThan(0.1);
      }
    });

    test("the ledger closes: its lines and the unexplained one are the change of PSS", ({ skip }) => {
      const { ledger } = get("session-scaling");
      if ("absent" in ledger) return skip(`no ledger here: ${ledger.absent}`);
      const lines = ledger.lines.reduce((bytes, line) => bytes + (line.bytes as number), 0);
      expect(lines + ledger.unexplainedBytes).toBeCloseTo(ledger.pssChangeBytes, 3);
    });

    test("a window of n exchanges holds 2n messages", () => {
      for (const row of get("history-window").rows) {
        expect(row.unitsPerInstance).toBe(2 * (row.factors.window as number));
      }
    });

    test("the summary has the headline numbers", () => {
      expect(summary.per_session_bytes).toBe(fitOf(get("session-scaling")).perUnitBytes.value);
      expect(summary.per_message_bytes).toBe(fitOf(get("history-window")).perUnitBytes.value);
      expect(summary.crisis_state_bytes).toBe(fitOf(get("instance-overhead")).perUnitBytes.value);
      const row = get("session-scaling").rows.find(({ factors }) => factors.sessions === 100);
      expect(summary.rss_at_100_sessions_mb).toBe(valueOf(row?.readings.rssBytes) / 1e6);
      expect(summary.sessions_per_gb_ram).toBe(get("session-scaling").capacity?.perGB);
    });

    test("the index links every page, every page tells its conditions", () => {
      for (const [place, name] of EXPERIMENTS.entries()) {
        expect(index).toContain(`${name}/result.md`);
        expect(pages[place]).toMatch(/Node \d+\.\d+\.\d+ \(V8/);
        expect(pages[place]).toContain("optimising compilers off");
      }
    });

    test("each result names its journal by a hash that is right", () => {
      for (const name of EXPERIMENTS) {
        expect(get(name).journalSha256).toBe(createHash("sha256").update(journal).digest("hex"));
      }
    });

    test("a second run gives the same bytes per session within 0.1 %", () => {
      expect(second.code).toBe(0);
      const [a, b] = [get("session-scaling"), again].map((result) => fitOf(result).perUnitBytes.value) as [
        number,
        number,
      ];
      expect(Math.abs(a - b) / a).toBeLessThan(0.001);
    });

    test("journals are kept as long as a result names them", () => {
      // Two experiments still name the first run, one the second.
      expect(journals).toHaveLength(2);
    });
  });
});

test("real conversations make all three tables", async ({ skip }) => {
  const { path, missing } = realData("conversations/chat-oasst-en100.jsonl");
  if (missing !== undefined) skip(missing);
  await inFolder(async (folder) => {
    const ended = await bytesper([
      "profile",
      "--quick",
      "--trials",
      "2",
      "--conversations",
      path,
      "--out",
      folder,
    ]);
    expect(ended.stderr).not.toMatch(/Error|defect/);
    expect(ended.code).toBe(0);
    for (const name of EXPERIMENTS) {
      const result = resultOf(folder, name);
      expect(result.complete).toBe(true);
      expect(result.settings.conversations).toBe("chat-oasst-en100.jsonl");
    }
    // Real chats differ in length; the result must say so.
    expect(resultOf(folder, "session-scaling").warnings.map(({ name }) => name)).toContain("uneven-units");
  });
});

test("another class takes the place of the crisis state", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "point.mjs");
    writeFileSync(file, "export class Point { constructor(index) { this.x = index; this.y = index; } }\n");
    const args = [
      "profile",
      "instance-overhead",
      "--subject",
      `${file}#Point`,
      "--trials",
      "2",
      "--out",
      join(folder, "results"),
    ];
    const ended = await bytesper(args);
    expect(ended.code).toBe(0);
    // Map, properties, elements and two fields: five words.
    expect(fitOf(resultOf(join(folder, "results"), "instance-overhead")).perUnitBytes.value).toBe(40);
  });
});

describe("mistakes are one sentence, and nothing is written", () => {
  const CASES: [name: string, content: string | undefined, sentence: RegExp][] = [
    ["a missing file", undefined, /does not exist; give a file with one conversation a line\.$/],
    ["an empty file", "", /holds no conversation/],
    ["no JSON on line 2", '{"messages":[{"role":"user","content":"a"}]}\n{oops\n', /line 2 is not JSON/],
    ["a message without content", '{"messages":[{"role":"user"}]}\n', /line 1: message 1 has no content/],
    [
      "content that is null",
      '{"messages":[{"role":"assistant","content":null}]}\n',
      /has null as its content/,
    ],
    ["no messages", '{"messages":[]}\n', /line 1 has no "messages"/],
    ["an unknown role", '{"messages":[{"role":"wizard","content":"a"}]}\n', /has the role "wizard"/],
  ];

  test.each(CASES)("%s", async (_name, content, sentence) => {
    await inFolder(async (folder) => {
      const file = join(folder, "chats.jsonl");
      if (content !== undefined) writeFileSync(file, content);
      const out = join(folder, "results");
      const ended = await inOneProcess(["profile", "--quick", "--conversations", file, "--out", out]);
      expect(ended.code).toBe(2);
      expect(ended.stderr.trim()).toMatch(sentence);
      expect(ended.stderr.trim().split("\n")).toHaveLength(1);
      expect(existsSync(out)).toBe(false);
    });
  });

  test("a folder in place of the file", async () => {
    await inFolder(async (folder) => {
      const ended = await inOneProcess(["profile", "--conversations", folder]);
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/cannot be read/);
    });
  });

  test("an unknown experiment names the known ones", async () => {
    const ended = await inOneProcess(["profile", "session-scalling"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(
      /history-window, instance-overhead, memory-writes, pruning-policy, session-decode, session-scaling/,
    );
  });

  test("a byte-order mark, CRLF and blank lines are accepted", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "chats.jsonl");
      writeFileSync(file, '\ufeff{"messages":[{"role":"user","content":"a"}]}\r\n\r\n');
      const args = [
        "profile",
        "session-scaling",
        "--quick",
        "--trials",
        "1",
        "--conversations",
        file,
        "--out",
        join(folder, "results"),
      ];
      expect((await bytesper(args)).code).toBe(0);
    });
  });
});

describe("what was measured is not lost", () => {
  test("Ctrl-C leaves the finished cells in the journal and an earlier result in place", async () => {
    await inFolder(async (folder) => {
      const earlier = '{ "schema": "bytesper/result@1", "experiment": "an earlier one" }';
      mkdirSync(join(folder, "session-scaling"));
      writeFileSync(join(folder, "session-scaling", "result.json"), earlier);
      writeFileSync(join(folder, "summary.json"), '{ "schema": "bytesper/summary@1" }');
      let sent = false;
      const ended = await bytesper(["profile", "session-scaling", "--quick", "--out", folder], {
        onStderr: (text, interrupt) => {
          if (sent || !/\d+\/\d+ cells/.test(text)) return;
          sent = true;
          interrupt();
        },
      });
      expect(ended.code).toBe(130);
      const records = readFileSync(join(folder, "journal.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string });
      expect(records.filter(({ type }) => type === "finished").length).toBeGreaterThan(0);
      expect(readFileSync(join(folder, "session-scaling", "result.json"), "utf8")).toBe(earlier);
    });
  });

  test("when the results cannot be written, the tables are printed", async () => {
    await inFolder(async (folder) => {
      // A file where the folder should be refuses root as well.
      const out = join(folder, "results");
      writeFileSync(out, "");
      const ended = await bytesper(["profile", "instance-overhead", "--trials", "1", "--out", out]);
      expect(ended.code).toBe(3);
      expect(ended.stdout).toContain("# Instance overhead");
      expect(ended.stderr).toMatch(/cannot be written/);
    });
  });

  test("a disk that fills up during the run costs the files and not the tables", async () => {
    await inFolder(async (folder) => {
      // The largest file may have 8 KiB: the journal, the snapshot and the pages all grow beyond.
      const script = 'ulimit -f 8; exec "$0" "$@"';
      const args = ["profile", "instance-overhead", "--trials", "3", "--out", join(folder, "results")];
      const ended = await run("bash", ["-c", script, process.execPath, MAIN, ...args]);
      expect(ended.code).toBe(3);
      expect(ended.stderr).toMatch(/cannot be written: the disk or quota is full; free some space/);
      expect(ended.stdout).toContain("# Instance overhead");
      expect(ended.stdout).toMatch(/One instance costs 168 B/);
      expect(ended.stdout).toMatch(/no-cross-check/);
    });
  });
});
