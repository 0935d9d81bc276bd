import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

test("real conversations make all three tables", async ({ skip }) => {
  const { path, missing } = realData("conversations/chat-oasst-en100.jsonl");
  if (missing !== undefined) skip(missing);
  await inFolder(async (folder) => {
    const ended = await bytesper([
      "profile",
      ...EXPERIMENTS,
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
      /the nearest is session-scaling; the experiments are session-scaling, history-window, instance-overhead, /,
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
