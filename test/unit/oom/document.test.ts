import { expect, test } from "vitest";
import { explain } from "../../../src/oom/explain.js";
import { explanationPage } from "../../../src/oom/page.js";
import type { ScanResult } from "../../../src/oom/scan.js";
import { FRESH } from "./fresh-strangers.js";
import { FURTHER } from "./further-strangers.js";
import { POSTED } from "./posted-strangers.js";
import { scanText } from "./support.js";

const MESSAGES = [...POSTED.slice(0, 6), ...FURTHER.slice(0, 12), ...FRESH.slice(0, 12)].map(
  ([, text]) => text,
);
const LOG =
  "[7:0x5] 4826 ms: Mark-sweep 130.6 (147.8) -> 130.5 (147.8) MB, 27.4 / 0.0 ms allocation failure\n" +
  "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory\n";
const indented = (text: string, by: string): string => text.replaceAll(/^/gm, by);

/** How people post a report: as Markdown or HTML with the log in a block of code. */
const POSTS: Record<string, (log: string) => string> = {
  "an issue of a few words": (log) =>
    `# Server dies at start\n\nAfter upgrading to 0.9 the server dies at start on two machines:\n\n\`\`\`\n${log}\n\`\`\`\n\nIt worked with 0.8.\n`,
  "an issue by the form of a project": (log) =>
    `### Describe the bug\n\nThe program ends when a long prompt is sent. See [docs](https://x.org/a) for how it is set up; \`model.yaml\` is the default.\n\n### Steps to reproduce\n\n1. Use the default options\n2. Run \`serve model.yaml\`\n\n### Logs\n\n\`\`\`shell\n${log}\n\`\`\`\n\n### Expected behavior\n\nIt should work.\n`,
  "a question in a mail": (log) =>
    `Hi, I run this on one card and get\n\n${indented(log, "    ")}\n\nWhich option should I use? Thanks\n`,
  "a question on a page": (log) =>
    `<p>The training stops with this error when the batch is 8, and if it is 4 it works. You can see the code below, which uses the default options:</p>\n<pre><code>${log}</code></pre>\n<p>How can this be solved?</p>`,
};

/** How documentation shows one. */
const PAGES: Record<string, (log: string) => string> = {
  Markdown: (log) =>
    `# Troubleshooting\n\nThis page lists what you may see when the server runs out of memory, and which option to use.\n\n## The server stops at start\n\nIf the model is too large for the card, the server prints a message such as the following and stops.\nYou can see the size of the model in its card. The option \`--limit\` sets how much of the memory the server may use.\n\n\`\`\`console\n${log}\n\`\`\`\n\nTo solve this, use a smaller model, or set \`--limit\` to a lower value as [the reference](options.md) describes.\nIf other programs use the card as well, the default should be lowered further.\n`,
  reStructuredText: (log) =>
    `Memory\n======\n\nThe runtime keeps its objects in a heap, which can grow up to the limit that \`\`--limit\`\` specifies.\nIf the heap is full when the program asks for more, the runtime must stop. You can see this for\nexample in the following output, which the runtime writes to its standard error.\n\n.. code-block:: text\n\n${indented(log, "   ")}\n\nThe option \`\`--limit\`\` can be used to raise the limit; see :ref:\`options\` for its default, which\nmay differ from one system to the other if a group limits the memory.\n`,
  HTML: (log) =>
    `<h2>Memory</h2>\n<p>The runtime keeps its objects in a heap, which can grow up to the limit that <code>--limit</code> specifies.\nIf the heap is full when the program asks for more, the runtime must stop. You can see this for\nexample in the following output, which the runtime writes to its standard error.</p>\n<pre>${log}</pre>\n<p>The option <code>--limit</code> can be used to raise the limit; see <a href="options.html">its default</a>, which\nmay differ from one system to the other if a group limits the memory.</p>\n`,
  "a test": (log) =>
    `import { expect, test } from "vitest";\nimport { readLog } from "../log.js";\n\nconst CRASH = \`\n${log}\n\`;\n\ntest("reads the crash", () => {\n  expect(readLog(CRASH)).toBe(1);\n});\n`,
  "a test in Python": (log) =>
    `import pytest\nfrom reader import read_log\n\nCRASH = """\n${log}\n"""\n\n\ndef test_crash():\n    assert read_log(CRASH) == 1\n`,
};

const counts = ({ reports, quoted }: ScanResult): number[] => [reports.length > 0 ? 1 : 0, quoted.length];

test.each(Object.entries(POSTS))("%s is a report, whatever the log in it is", async (_, post) => {
  for (const text of [LOG, ...MESSAGES]) expect(counts(await scanText(post(text))), text).toEqual([1, 0]);
});

test.each(Object.entries(PAGES))("a sample in %s is a quotation", async (_, page) => {
  expect(counts(await scanText(page(LOG)))).toEqual([0, 1]);
});

test("a log that follows a page of documentation is a report", async () => {
  const progress = Array.from(
    { length: 90 },
    (_, step) => `step ${step}/100 | loss 0.5 | 12.1 tokens/s | ok`,
  );
  const text = `${(PAGES.Markdown as (log: string) => string)("")}\n${progress.join("\n")}\n${LOG}`;
  expect(counts(await scanText(text))).toEqual([1, 0]);
});

test("a page says that it explains a quotation, and that a log has quotations beside its reports", async () => {
  const page = (PAGES.Markdown as (log: string) => string)(LOG);
  const alone = explanationPage(explain(await scanText(page)));
  expect(alone).toMatch(/^No run that died here: documentation or source code quotes/);
  expect(alone.replaceAll(/\s+/g, " ")).toMatch(/heap limit/);
  const both = explain(await scanText(`${LOG}${"quiet\n".repeat(2000)}${page}`));
  expect([both.reports.length, both.quoted.length]).toEqual([1, 1]);
  expect(explanationPage(both)).toMatch(/1 more is quoted in documentation or source code \(line 2,0\d\d\)/);
});
