import { expect, test } from "vitest";
import { htmlPage } from "../../../../src/report/html/page.js";
import type { Result, ResultRow } from "../../../../src/record/schema.js";
import { sampleResult } from "../sample.js";

const SCRIPT = "void 0";

function page(change: (result: ReturnType<typeof sampleResult>) => void = () => undefined): string {
  const result = sampleResult();
  change(result);
  return htmlPage([result], SCRIPT);
}

function rowOf(result: Result): ResultRow {
  const [row] = result.rows as [ResultRow];
  return row;
}

test("the same results give the same bytes", () => {
  expect(page()).toBe(page());
});

test("the page asks for nothing: no address in an attribute or a style, and a policy that forbids it", () => {
  const html = page();
  const addresses = [...html.matchAll(/\b(?:src|href|action|poster|data)="([^"]*)"/g)].map(([, to]) => to);
  expect(addresses.filter((to) => !/^(#|data:,)/.test(to ?? ""))).toEqual([]);
  expect(html).not.toMatch(/url\(|@import/);
  expect(html).toContain("default-src 'none'");
  expect(html).toMatch(/script-src 'sha256-[\w+/]+=*'/);
  expect(html.split("</head>")[0]).not.toContain("unsafe-eval");
});

test.each([
  ["</script><script>alert(1)</script>"],
  ['"><img src=x onerror=alert(1)>'],
  ["a'b\"c & <d>"],
  ["<!--<script>"],
  ["line\u2028and\u2029paragraph\u0000\u202e"],
])("a result called %j changes nothing but its texts, and its numbers are whole", (name) => {
  const html = page((result) => {
    result.title = name;
    result.unit = name;
    rowOf(result).factors = { [name]: name };
    result.breakdown = [{ type: name, bytes: 6000, count: 21 }];
    result.warnings = [{ name, message: name }];
    result.missing = [name];
  });
  const plain = page();
  const tags = (text: string): number => [...text.matchAll(/<\/?(script|img|section|body)\b/g)].length;
  expect(tags(html)).toBe(tags(plain));
  for (const acting of ["\u2028", "\u2029", "\u0000", "\u202e"]) expect(html).not.toContain(acting);
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  const { results } = JSON.parse(data) as { results: Record<string, { result: { title: string } }> };
  expect(Object.values(results)[0]?.result.title).toBe(name);
});

test("doubts come before the first table of their experiment, missing cells among them", () => {
  const html = page();
  const section = html.slice(html.indexOf('<section class="experiment"'));
  const doubts = section.indexOf('class="doubts"');
  expect(doubts).toBeGreaterThan(0);
  expect(doubts).toBeLessThan(section.indexOf("<table"));
  expect(section).toContain("<strong>cells-missing</strong>: 1 cell has no result.");
  expect(section).toContain("<strong>incomplete</strong>");
  expect(section).toContain("oom-heap: V8&#39;s heap limit was reached");
});

test("an absent reading is a dash with its reason, is sorted last, and is never blank or 0", () => {
  const html = page();
  expect(html).toMatch(
    /<td class="[^"]*\babsent" data-v="">—<sup><a href="#[^"]+" aria-label="note 1: this C library has no mallinfo2">1<\/a><\/sup><\/td>/,
  );
  expect(html).toMatch(/<li id="[^"]+" value="1">this C library has no mallinfo2<\/li>/);
});

test("a bound is shown as one and sorted by itself", () => {
  const html = page((result) => {
    rowOf(result).readings.rssBytes = { above: 204_800, reason: "the cap was reached" };
  });
  expect(html).toMatch(/<td class="[^"]*\bbound" data-v="204800">&gt; 200(\.0+)?<sup>/);
  expect(html).toContain(">the cap was reached</li>");
});

test("numbers are sorted by their unrounded value, words by themselves", () => {
  // 7700.25 is shown as 7,700.3
  expect(page()).toMatch(/<td class="[^"]*" data-v="7700.25">7,700\.3 \(7,700 to 7,700\.5\)<\/td>/);
  expect(page()).toContain('<td class="left short">bytes per session</td>');
});

test("every figure has a description in words, a place for readings, and its data as a table and a file", () => {
  const html = page();
  const figures = [...html.matchAll(/<figure class="chart" id="([^"]+)">(.*?)<\/figure>/gs)];
  expect(figures.length).toBe(3);
  for (const [, id, body] of figures) {
    expect(body).toMatch(/role="img" aria-label="Chart, [^"]{40,}"/);
    expect(body).toContain(`id="${id ?? ""}--readout" aria-live="polite"`);
    expect(body).toContain("<tbody>");
    expect(html).toContain(`"${id ?? ""}--data":{"name":`);
  }
});

test("two experiments whose names differ only in signs have ids of their own, and no id comes twice", () => {
  const [first, second] = [sampleResult(), sampleResult()];
  first.experiment = "a b";
  second.experiment = "a-b";
  const html = htmlPage([first, second], SCRIPT);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids.filter((id, place) => ids.indexOf(id) !== place)).toEqual([]);
  const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !ids.includes(id))).toEqual([]);
});

test("where machines differ, each value names the experiments that had it", () => {
  const [first, second] = [sampleResult(), sampleResult()];
  second.experiment = "other";
  second.title = "Other";
  second.environment = { ...second.environment, node: "22.0.0" };
  const html = htmlPage([first, second], SCRIPT);
  expect(html).toContain('<dd>22.0.0 (V8 11.3) <span class="of">Other</span></dd>');
  expect(html).toContain("<dd>Test CPU</dd>");
});

test("a folder without results has a page too", () => {
  expect(htmlPage([], SCRIPT)).toContain("<h1>Memory results</h1>");
  expect(htmlPage([sampleResult()], SCRIPT, "shop")).toContain(
    "<title>Memory results of shop, 2026-01-02</title>",
  );
});
