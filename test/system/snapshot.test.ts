import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { browserOfFile, findBrowser } from "./browser.js";
import { bytesper, inFolder, otherNodes, ROOT, run } from "./cli.js";

interface Answer {
  files: { totalBytes: number }[];
  verdict: string;
  classes: { name: string; count: number; retainedBytes: number; path?: string }[];
  holders: { name: string; count: number; bytes: number; path: string }[];
  growth?: { name: string; count: number; bytes: number; path?: string }[];
  growthHolders?: { name: string; count: number; bytes: number; path: string }[];
  oneClass?: { count: number; sizes: { median: number }; heldBy: { path: string; share: number }[] };
  waste: { name: string; bytes: number }[];
}

async function answerOf(...args: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await bytesper(["snapshot", ...args, "--json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}

const leak = (name: string): string => join(ROOT, "test/fixtures/leaks", name);

test.each([process.execPath, ...otherNodes()])(
  "a Map of sessions that grows is found in one, two and three snapshots of %s",
  async (node) => {
    await inFolder(async (folder) => {
      const made = await run(node, ["--expose-gc", "--no-opt", "--no-sparkplug", leak("rooms.cjs"), folder]);
      const { leakBytes } = JSON.parse(made.stdout) as { leakBytes: number };
      const [first, second, third] = [1, 2, 3].map((part) => join(folder, `${part}.heapsnapshot`)) as [
        string,
        string,
        string,
      ];

      const one = await answerOf(second, "--class", "Session");
      expect(one.classes[0]).toMatchObject({ name: "Session", path: "`rooms` in rooms.cjs > Map entry" });
      expect(one.holders[0]).toMatchObject({ name: "Session", count: 2000 });
      // 40 bytes of object, 16 + 400 of string, 1,000 of data, and a view with its buffer, 184 to 200 by version.
      const retained = one.holders[0]?.bytes ?? 0;
      expect(retained / 2000).toBeGreaterThanOrEqual(40 + 416 + 1000 + 184);
      expect(retained / 2000).toBeLessThanOrEqual(40 + 416 + 1000 + 200);
      expect(one.oneClass?.sizes.median).toBeCloseTo(retained / 2000, -1);
      expect(one.oneClass?.heldBy[0]).toMatchObject({ path: "`rooms` in rooms.cjs > Map entry" });

      const two = await answerOf(first, second);
      const grown = (two.files[1]?.totalBytes ?? 0) - (two.files[0]?.totalBytes ?? 0);
      expect(Math.abs(grown / leakBytes - 1)).toBeLessThan(0.02);
      expect(two.growth?.[0]).toMatchObject({ name: "Session", count: 2000 });
      expect(two.growthHolders?.[0]).toMatchObject({ name: "Session", count: 2000, bytes: retained });

      const three = await answerOf(first, second, third);
      // Of the 2,000 that the second snapshot had, 1,000 were let go; those made later do not count.
      expect(three.growth?.[0]).toMatchObject({ name: "Session", count: 1000 });
      expect(three.growthHolders?.[0]?.bytes).toBeCloseTo(retained / 2, -2);
    });
  },
);

const browser = findBrowser();
const inBrowser = browserOfFile();

test.skipIf(browser === undefined)(
  "a page of Chromium that keeps sessions and detached elements is explained; without Chromium this is skipped",
  async () => {
    await inFolder(async (folder) => {
      const page = join(folder, "index.html");
      writeFileSync(join(folder, "page.js"), readFileSync(leak("page.js")));
      writeFileSync(page, '<!doctype html><title>leak</title><body><script src="page.js"></script>');
      const file = join(folder, "page.heapsnapshot");
      await inBrowser(browser ?? "", async (tab) => {
        await tab.open(pathToFileURL(page).href);
        writeFileSync(file, await tab.heapSnapshot());
      });
      const answer = await answerOf(file, "--class", "Session");
      expect(answer.holders[0]).toMatchObject({ name: "Session", count: 2000 });
      expect(answer.holders[0]?.path).toBe("`rooms` in page.js > Map entry");
      // 1,000 bytes of data, with the object, its view and its buffer; all of them share the text of the padding.
      const retained = (answer.holders[0]?.bytes ?? 0) / 2000;
      expect(retained).toBeGreaterThan(1000 + 100);
      expect(retained).toBeLessThan(1000 + 400);
      const detached = answer.classes.find(({ name }) => /^Detached .*(<div|HTMLDivElement)/.test(name));
      expect(detached?.count).toBeGreaterThanOrEqual(500);
    });
  },
);

test("a listener for each request names the request, the emitter and the function; a cut file says where", async () => {
  await inFolder(async (folder) => {
    await run(process.execPath, [leak("listeners.mjs"), folder]);
    const file = join(folder, "1.heapsnapshot");
    const page = join(folder, "page.html");
    const { stdout, code } = await bytesper(["snapshot", file, "--verbose", "--page", page], {
      env: { COLUMNS: "80" },
    });
    expect(code).toBe(0);
    expect(stdout.replace(/\s+/g, " ")).toMatch(
      /`Request` holds \d+ % .*: 2,000 objects, kept by `bus` in listeners\.mjs > \._events > \.tick > \[\*\] > function at listeners\.mjs:17 > variable `request`\./,
    );
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(readFileSync(page, "utf8")).toContain('"name":"Request x 2,000"');

    truncateSync(file, 2_000_000);
    const cut = await bytesper(["snapshot", file]);
    expect(cut.code).toBe(2);
    expect(cut.stderr).toMatch(/is damaged or cut short at byte 2000000: expected /);
  });
});
