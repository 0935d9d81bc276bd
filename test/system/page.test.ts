import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TestContext } from "vitest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writePage } from "../../src/report/html/write.js";
import type { ResultRow } from "../../src/record/schema.js";
import { sampleResult } from "../unit/report/sample.js";
import type { Tab } from "./browser.js";
import { browserOfFile, findBrowser } from "./browser.js";

const browser = findBrowser();
const inBrowser = browserOfFile();
const SLOW = { timeout: 120_000 };
let folder: string;
let url: string;

/** Two experiments with all that is awkward: names, absent readings, a bound, bars, an area, many steps. */
beforeAll(() => {
  // The path of a page may itself be awkward.
  folder = join(mkdtempSync(join(tmpdir(), "bytesper-page-")), "a folder #1");
  mkdirSync(folder);
  const first = sampleResult();
  const [row] = first.rows as [ResultRow];
  first.title = 'Sessions </script><b onclick="x">\u2028';
  first.rows.push(...[10, 100].map((n) => ({ ...row, factors: { sessions: n }, instances: n })));
  const second = sampleResult();
  const { perUnitBytes, ...plain } = row;
  const exact = (value: number): { value: number; low: number; high: number } => ({ value, low: value, high: value }); // prettier-ignore
  Object.assign(second, {
    experiment: "grid",
    title: "Grid",
    followUps: [],
    table: undefined,
    complete: true,
    missing: [],
    warnings: [],
    fit: { absent: "no population" },
    rows: [1, 2, 3, 11].map((n) => ({
      ...plain,
      perUnitBytes,
      factors: { n },
      readings: {
        peakBytes:
          n < 11
            ? { value: n * 2 ** 20, low: n * 2 ** 19, high: n * 2 ** 21 }
            : { above: 2 ** 24, reason: "the cap" },
        sizeBytes: n === 2 ? { absent: "it was not told" } : exact(5000 - n),
      },
      series: [
        {
          reading: "steps",
          over: "step",
          points: Array.from({ length: 200 }, (_, step) => [step, step * n] as [number, number]),
        },
      ],
    })),
    figures: [
      { title: "Peak", x: "factors.n", y: ["readings.peakBytes", "readings.sizeBytes"], log: ["x", "y"] },
      { title: "Bars", x: "factors.n", kind: "bar", y: ["readings.peakBytes"] },
      { title: "Area", x: "factors.n", kind: "area", y: [{ from: "readings.peakBytes", stack: "all" }] },
    ],
  });
  expect(writePage(folder, [first, second])).toEqual([]);
  url = pathToFileURL(join(folder, "index.html")).href;
});

afterAll(() => {
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

/** Observers of size and media are told between two frames. */
const FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";

async function onPage(context: TestContext, use: (tab: Tab) => Promise<void>): Promise<void> {
  if (browser === undefined) {
    context.skip("no Chromium is on the PATH (chromium, chromium-browser, google-chrome)");
    return;
  }
  await inBrowser(browser, async (tab) => {
    await tab.resize(1200, 900);
    await tab.open(url);
    // Folded parts have no width to draw in.
    await tab.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
    await tab.evaluate(FRAMES);
    await use(tab);
    expect(tab.errors).toEqual([]);
  });
}

/** Numbers of a chart: shapes with an extent, and texts. */
const DRAWN = `[...document.querySelectorAll(".plot")].map((plot) => ({
  shapes: [...plot.querySelectorAll("svg path, svg line, svg polyline, svg polygon, svg rect, svg circle")].filter((each) => {
    const { width, height } = each.getBoundingClientRect();
    return width + height > 2;
  }).length,
  words: [...plot.querySelectorAll("svg text")].filter((each) => each.textContent.trim() !== "").length,
}))`;

test("opens from a file without errors, asks for nothing, and draws every chart", SLOW, async (context) => {
  await onPage(context, async (tab) => {
    expect(tab.requests).toEqual([url]);
    const charts = await tab.evaluate<{ shapes: number; words: number }[]>(DRAWN);
    expect(charts.length).toBeGreaterThanOrEqual(7);
    for (const { shapes, words } of charts) {
      // Two axes and something between them.
      expect(shapes).toBeGreaterThan(4);
      expect(words).toBeGreaterThan(2);
    }
    expect(await tab.evaluate("document.querySelectorAll('b').length")).toBe(0);
  });
});

test("is as wide as a phone of 360 pixels and a screen; charts follow", SLOW, async (context) => {
  await onPage(context, async (tab) => {
    for (const width of [360, 768, 1200, 2400]) {
      await tab.resize(width, 800);
      await tab.evaluate(FRAMES);
      const found = await tab.evaluate<{ page: number; beyond: string[]; charts: number[] }>(`({
        page: document.documentElement.scrollWidth,
        beyond: [...document.querySelectorAll("body *")].filter((each) =>
          each.closest(".scroll > table, .skip, svg") === null &&
          each.getBoundingClientRect().right > innerWidth + 0.5).map((each) => each.outerHTML.slice(0, 80)),
        charts: [...document.querySelectorAll(".plot")].map((plot) =>
          Math.max(0, plot.querySelector("svg").getBoundingClientRect().width - plot.clientWidth)),
      })`);
      expect(found.page).toBeLessThanOrEqual(width);
      expect(found.beyond).toEqual([]);
      for (const difference of found.charts) expect(Math.abs(difference)).toBeLessThanOrEqual(1);
    }
  });
});

const GRID = "#experiment--grid--table-main";
const COLUMN = (column: number): string =>
  `[...document.querySelectorAll("${GRID} tbody tr")].map((row) => row.children[${column}].firstChild.textContent)`;
const STATE = (column: number): string =>
  `document.querySelectorAll("${GRID} thead th")[${column}].getAttribute("aria-sort")`;

test("a click on a heading sorts by numbers, then back, then as it was", SLOW, async (context) => {
  await onPage(context, async (tab) => {
    const click = `document.querySelectorAll("${GRID} thead button")[0].click()`;
    expect(await tab.evaluate(COLUMN(0))).toEqual(["1", "2", "3", "11"]);
    await tab.evaluate(click);
    expect(await tab.evaluate(STATE(0))).toBe("ascending");
    expect(await tab.evaluate(COLUMN(0))).toEqual(["1", "2", "3", "11"]);
    await tab.evaluate(click);
    expect(await tab.evaluate(STATE(0))).toBe("descending");
    expect(await tab.evaluate(COLUMN(0))).toEqual(["11", "3", "2", "1"]);
    await tab.evaluate(click);
    expect(await tab.evaluate(STATE(0))).toBe("none");
    expect(await tab.evaluate(COLUMN(0))).toEqual(["1", "2", "3", "11"]);
  });
});

test("the keyboard sorts too, and what is absent is last in both orders", SLOW, async (context) => {
  await onPage(context, async (tab) => {
    const size = await tab.evaluate<number>(
      `[...document.querySelectorAll("${GRID} thead th")].findIndex((each) => each.textContent.startsWith("size"))`,
    );
    await tab.evaluate(`document.querySelectorAll("${GRID} thead button")[${size - 1}].focus()`);
    await tab.press("Tab");
    expect(await tab.evaluate("document.activeElement.textContent")).toMatch(/^size/);
    // Sizes are 5000 - n; that of n = 2 was not told.
    await tab.press("Enter");
    expect(await tab.evaluate(COLUMN(0))).toEqual(["11", "3", "1", "2"]);
    await tab.press(" ");
    expect(await tab.evaluate(COLUMN(0))).toEqual(["1", "3", "11", "2"]);
    expect(await tab.evaluate(STATE(size))).toBe("descending");
    expect(await tab.evaluate(STATE(0))).toBe("none");
  });
});

/** Texts whose contrast with what is behind them is below 4.5:1 (WCAG 2.2, 1.4.3), canvas of the page included. */
const FAINT = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color) => {
    const [r, g, b] = rgba(color).map((part) => part / 255).map((s) => s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (rgba(color)[3] === 255) return color;
    }
    return "white";
  };
  const faint = [];
  let count = 0;
  for (const element of document.querySelectorAll("body *")) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "")) continue;
    if (["SCRIPT", "NOSCRIPT", "STYLE"].includes(element.tagName) || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [luminance(color), luminance(ground(element))].sort((x, y) => y - x);
    count++;
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(element.textContent.slice(0, 40) + " " + color + " on " + ground(element));
  }
  return { count, faint, paper: getComputedStyle(document.body).backgroundColor };
})()`;

test(
  "texts stand out by 4.5:1 in both themes, by the system and by choice; a choice is kept",
  SLOW,
  async (context) => {
    await onPage(context, async (tab) => {
      const look = async (): Promise<{ count: number; faint: string[]; paper: string }> => {
        await tab.evaluate(FRAMES);
        return tab.evaluate(FAINT);
      };
      const choose = (theme: string): Promise<unknown> =>
        tab.evaluate(`(() => {
        const select = document.getElementById("theme");
        select.value = "${theme}";
        select.dispatchEvent(new Event("change"));
      })()`);
      const light = await look();
      expect(light.count).toBeGreaterThan(200);
      expect(light.faint).toEqual([]);
      await tab.colors("dark");
      const dark = await look();
      expect(dark.faint).toEqual([]);
      expect(dark.paper).not.toBe(light.paper);
      await choose("light");
      expect(await look()).toEqual(light);
      await tab.colors("light");
      await choose("dark");
      expect(await look()).toEqual(dark);
      await tab.open(url);
      expect(await look()).toEqual(dark);
    });
  },
);

test("arrow keys read a chart's points with their ranges and bounds", SLOW, async (context) => {
  await onPage(context, async (tab) => {
    const chart = "#experiment--grid--figure-bars";
    const read = (): Promise<string> =>
      tab.evaluate(`document.querySelector("${chart} .readout").textContent`);
    await tab.evaluate(`document.querySelector("${chart} .plot").focus()`);
    expect(await read()).toBe("");
    await tab.press("ArrowRight");
    expect(await read()).toBe("peak · n 1: 1 MiB (0.5 MiB to 2 MiB)");
    await tab.press("End");
    expect(await read()).toBe("peak · n 11: more than 16 MiB");
    await tab.press("ArrowLeft");
    expect(await read()).toBe("peak · n 3: 3 MiB (1.50 MiB to 6 MiB)");
  });
});

test(
  "the pointer reads the nearest point; series can be hidden, all but the last; axes can be linear",
  SLOW,
  async (context) => {
    await onPage(context, async (tab) => {
      const chart = "#experiment--grid--figure-peak";
      const shapes = (): Promise<number> =>
        tab.evaluate(`document.querySelectorAll("${chart} svg path").length`);
      const words = (): Promise<string[]> => tab.evaluate(`[...document.querySelectorAll("${chart} svg text")].map((each) => each.textContent)`); // prettier-ignore
      const press = (index: number): Promise<string> =>
        tab.evaluate(`(() => {
        const button = document.querySelectorAll("${chart} .legend button")[${index}];
        button.click();
        return button.getAttribute("aria-pressed");
      })()`);
      const box = await tab.evaluate<{ x: number; y: number }>(`(() => {
      document.querySelector("${chart}").scrollIntoView({ behavior: "instant" });
      const plot = document.querySelector("${chart} .plot");
      plot.focus();
      return plot.getBoundingClientRect().toJSON();
    })()`);
      await tab.press("ArrowRight");
      const cursor = await tab.evaluate<{ x: number; y: number; width: number }>(
        `document.querySelector("${chart} .cursor").getBoundingClientRect().toJSON()`,
      );
      const text = await tab.evaluate<string>(`document.querySelector("${chart} .readout").textContent`);
      await tab.press("End");
      await tab.send("Input.dispatchMouseEvent", { type: "mouseMoved", x: cursor.x + 12, y: cursor.y + 12 });
      expect(await tab.evaluate(`document.querySelector("${chart} .readout").textContent`)).toBe(text);
      expect(cursor.x).toBeGreaterThan(box.x);

      const both = await shapes();
      expect(await press(0)).toBe("false");
      expect(await shapes()).toBeLessThan(both);
      expect(await press(1)).toBe("true");
      expect(await press(0)).toBe("true");
      expect(await shapes()).toBe(both);
      const log = await words();
      expect(await press(2)).toBe("true");
      expect(await words()).not.toEqual(log);
      expect(await press(2)).toBe("false");
      expect(await words()).toEqual(log);
    });
  },
);

test(
  "on paper it is light, whole and without buttons; nothing glides for who wants no motion",
  SLOW,
  async (context) => {
    await onPage(context, async (tab) => {
      await tab.colors("dark");
      await tab.send("Emulation.setEmulatedMedia", {
        media: "print",
        features: [
          { name: "prefers-color-scheme", value: "dark" },
          { name: "prefers-reduced-motion", value: "reduce" },
        ],
      });
      await tab.evaluate(`dispatchEvent(new Event("beforeprint"))`);
      const found = await tab.evaluate<Record<string, unknown>>(`({
      paper: getComputedStyle(document.body).backgroundColor,
      folded: [...document.querySelectorAll("details")].filter((each) => !each.open).length,
      buttons: [...document.querySelectorAll("button.download")].filter((each) => each.getClientRects().length > 0).length,
      glides: getComputedStyle(document.documentElement).scrollBehavior,
      chart: document.querySelector(".plot svg text").getAttribute("fill"),
    })`);
      expect(found).toEqual({
        paper: "rgb(255, 255, 255)",
        folded: 0,
        buttons: 0,
        glides: "auto",
        chart: "#1a1a1a",
      });
    });
  },
);
