import { describe, expect, test } from "vitest";
import { commonPrefix, knownPrefix, sharedPrefix } from "../../../src/oom/line-prefix.js";
import { PARTED, View } from "../../../src/oom/view.js";

const view = (raw: string, options = {}): View =>
  new View({ raw, offset: 0, line: 1, atLineStart: true }, options);

describe("the text of a view", () => {
  test.each([
    ["white space goes", "out  of\tmemory\r\nnow", "outofmemorynow"],
    ["control characters go", "a\0b\u0001c\u007fd", "abcd"],
    ["colours go", "\u001b[31mred\u001b[0m, \u001b[1;33mbold\u001b[m", "red,bold"],
    ["colours that a JSON string spells go", String.raw`\u001b[31mred\u001b[0m`, "red"],
    ["colours that lost their escape go", "[31mred[0m", "red"],
    ["links of a terminal go", "\u001b]8;;file:///a\u0007name\u001b]8;;\u0007", "name"],
    ["line ends that a JSON string spells are line ends", String.raw`one\nERROR two`, "onetwo"],
    ["a non-breaking space goes", Buffer.from("2\u00a0GiB").toString("latin1"), "2GiB"],
  ])("%s", (_, raw, text) => {
    expect(view(raw).text).toBe(text);
  });

  test("digits on both sides of a line end are kept apart", () => {
    expect(view("size 123\n456").text).toBe(`size123${PARTED}456`);
  });

  test("digits are joined on demand where the line was long enough to be wrapped", () => {
    const long = "failed to allocate a buffer of size 123";
    expect(view(`${long}\n456`, { joinDigits: true }).text.endsWith("123456")).toBe(true);
    expect(view("size 123\n456", { joinDigits: true }).text).toBe(`size123${PARTED}456`);
  });

  test("digits are not joined with a line that a logger began anew", () => {
    const long = "failed to allocate a buffer of size 123";
    const text = view(`${long}\n2025-01-01 00:00:00 456`, { joinDigits: true }).text;
    expect(text.endsWith(`123${PARTED}456`)).toBe(true);
  });
});

test("offsets lead from the text to the bytes and back", () => {
  const raw = "12:00:00 INFO \u001b[31mout of\n12:00:01 INFO memory";
  const { text } = view(raw);
  for (let index = 0; index < text.length; index += 1) {
    expect(raw[view(raw).offsetOf(index)]).toBe(text[index]);
    expect(view(raw).indexOf(view(raw).offsetOf(index))).toBe(index);
  }
});

test("line numbers count newlines and nothing else", () => {
  const raw = "one\r\ntwo\rstill two\\nstill two\nthree";
  const at = (word: string): number => view(raw).lineNumberOf(view(raw).text.indexOf(word));
  expect([at("one"), at("two"), at("stilltwo"), at("three")]).toEqual([1, 2, 2, 3]);
});

describe("a known prefix", () => {
  test.each([
    "2025-11-10 04:32:17,764 - ERROR: ",
    "2025-11-10T04:32:17.764Z ",
    "2025-11-10T04:32:17.764123456Z stderr F ",
    "[2025/11/10 04:32:17] [error] ",
    "ERROR 03-19 10:55:18 [serving_chat.py:677] ",
    "(VllmWorker rank=0 pid=10672) ERROR 03-16 06:12:38 [multiproc_executor.py:375] ",
    "[rank3]: ",
    "app-1  | ",
    "Nov 10 04:32:17 host-7 kernel: [  518.050606] ",
    "E1103 18:23:55.103160 3413767 allocator.cc:361] ",
    "2021-11-16 11:33:53.139338: W tensorflow/core/common_runtime/bfc_allocator.cc:272] ",
    "1.06.520.077 E ",
    "1763112360.904 ",
    "2024-08-21 22:56:04 | ERROR    | app.trainers:wrapper:121 - ",
    "> ",
    "# ",
    "    ",
    'time=2025-11-10T04:32:17Z level=error msg="',
  ])("%j is taken off", (prefix) => {
    expect(knownPrefix(`${prefix}Out of memory`)).toBe(prefix.length);
  });

  test.each([
    "[23201:0xb5d40c000] 58738573 ms: Mark-Compact",
    "[enforce fail at alloc_cpu.cpp:73] . DefaultCPUAllocator",
    "[16,112,112,147] and type float",
    "116813856768 bytes",
    "-> 4091.4 (4101.0) MB",
    "FATAL ERROR: Reached heap limit",
    "(GPU 0; 14.75 GiB total capacity",
    "Process 20398 has 14.52 GiB memory in use",
  ])("%j has none", (line) => {
    expect(knownPrefix(line)).toBe(0);
  });
});

describe("an unknown prefix", () => {
  test("is what lines share up to the end of a word, whatever the digits are", () => {
    expect(sharedPrefix("node7/gpu3> worker one", "node12/gpu0> worker two")).toBe(
      "node12/gpu0> worker ".length,
    );
    expect(sharedPrefix("node7/gpu3> ", "other> ")).toBe(0);
  });

  test("is found among the lines around", () => {
    const others = ["node1/gpu0> a b", "node2/gpu1> c d", "node1/gpu0> e f"];
    expect(commonPrefix("node9/gpu3> CUDA out", others)).toBe("node9/gpu3> ");
  });

  test("is none where the known forms cover as much", () => {
    expect(commonPrefix("12:00:00 a b", ["12:00:01 c d", "12:00:02 e f"])).toBeUndefined();
  });

  test("is none where lines are one sentence many times", () => {
    const line =
      "svc> the handler noted that memory in use is fine and that nothing had to be allocated at all, run 1";
    expect(commonPrefix(line, [line, line, line])).toBeUndefined();
  });
});
