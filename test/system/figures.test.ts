import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadImage } from "@napi-rs/canvas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseResult } from "../../src/record/schema.js";
import { browserOfFile, findBrowser } from "./browser.js";
import { bytesper, inFolder, MAIN, run } from "./cli.js";

const NAMES = ["breakdown", "bytes", "estimate"];
const FILES = NAMES.flatMap((name) => ["pdf", "png", "svg", "vl.json"].map((ending) => `${name}.${ending}`));

const browser = findBrowser();
const inBrowser = browserOfFile();
/** Of one quick profile, which the first two tests look at. */
let folder: string;
/** index.html as the profile wrote it. */
let page: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  const ended = await bytesper(["profile", "session-scaling", "--quick", "--trials", "1", "--out", folder]);
  expect(ended.code, ended.stderr).toBe(0);
  page = readFileSync(join(folder, "index.html"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a quick profile writes figures that its page links, and report writes the same from the journal", async () => {
  const own = join(folder, "session-scaling");
  const figures = join(own, "figures");
  expect(readdirSync(figures).sort()).toEqual(FILES);
  const text = readFileSync(join(own, "result.md"), "utf8");
  for (const file of FILES) expect(text).toContain(`(figures/${file})`);
  for (const name of NAMES) {
    expect(readFileSync(join(figures, `${name}.svg`), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    const { width, height } = await loadImage(readFileSync(join(figures, `${name}.png`)));
    expect(Math.min(width, height)).toBeGreaterThan(200);
  }

  const before = new Map(FILES.map((file) => [file, readFileSync(join(figures, file))]));
  rmSync(figures, { recursive: true });
  // A figure that the result no longer has goes; what is no figure stays.
  mkdirSync(figures);
  writeFileSync(join(figures, "old.svg"), "<svg/>");
  writeFileSync(join(figures, "notes.txt"), "mine");
  expect((await bytesper(["report", folder])).code).toBe(0);
  expect(readdirSync(figures).sort()).toEqual([...FILES, "notes.txt"].sort());
  for (const file of FILES)
    expect(readFileSync(join(figures, file)).equals(before.get(file) as Buffer)).toBe(true);
});

/** Presses a button that saves, and answers the file's name and text in place of saving it. */
const SAVED = (button: string): string => `new Promise((resolve, reject) => {
  let file;
  URL.createObjectURL = (blob) => { file = blob; return "blob:x"; };
  HTMLAnchorElement.prototype.click = function () { file.text().then((text) => resolve({ name: this.download, text })); };
  document.querySelector(${JSON.stringify(button)}).click();
  if (file === undefined) reject(new Error("nothing was saved"));
})`;

test(
  "a profile writes the page beside its README; it saves the very files of the folder; report writes the same bytes",
  { timeout: 120_000 },
  async (context) => {
    const file = join(folder, "index.html");
    expect(page.length).toBeLessThan(1_000_000);
    const own = join(folder, "session-scaling");
    const whole = readFileSync(join(own, "result.json"), "utf8");
    expect(
      page.includes(`<h2 id="experiment--session-scaling--title">${parseResult(whole, "x").title}</h2>`),
    ).toBe(true);
    rmSync(file);
    expect((await bytesper(["report", folder])).code).toBe(0);
    expect(readFileSync(file).equals(page)).toBe(true);
    // A page that stands there is replaced.
    writeFileSync(file, "old");
    expect((await bytesper(["report", folder])).code).toBe(0);
    expect(readFileSync(file).equals(page)).toBe(true);

    if (browser === undefined) {
      context.skip("no Chromium is on the PATH: what the page saves is not read");
      return;
    }
    await inBrowser(browser, async (tab) => {
      await tab.open(pathToFileURL(file).href);
      const id = "experiment--session-scaling";
      expect(await tab.evaluate(SAVED(`button[data-file="${id}"]`))).toEqual({
        name: "session-scaling-result.json",
        text: whole,
      });
      expect(await tab.evaluate(SAVED(`button[data-file="${id}--table-main"]`))).toEqual({
        name: "session-scaling-main.csv",
        text: readFileSync(join(own, "tables/main.csv"), "utf8"),
      });
      expect(tab.errors).toEqual([]);
    });
  },
);

const GRID = {
  name: "grid",
  unit: "cell",
  factors: { n: [1, 2] },
  command: ["sh", "-c", "echo '{\"sizeBytes\": '$(({n} * 1024))'}'"],
};

test("a grid has the figures that its file asks for, and the user hears of one that nothing fits", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "grid.experiment.mjs");
    const figures = [
      { title: "Size", x: "factors.n", y: ["readings.sizeBytes"] },
      { title: "Nothing", x: "factors.n", y: ["readings.other"] },
    ];
    writeFileSync(file, `export default ${JSON.stringify({ ...GRID, figures })};\n`);
    const ended = await bytesper(["run", file, "--out", join(folder, "out")]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('The figure "Nothing" is left out: no row has a value of readings.other.');
    expect(readdirSync(join(folder, "out/grid/figures")).sort()).toEqual([
      "size.pdf",
      "size.png",
      "size.svg",
      "size.vl.json",
    ]);
  });
});

test("figures of an experiment file that cannot be drawn are refused before anything runs", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "grid.experiment.mjs");
    writeFileSync(
      file,
      `export default ${JSON.stringify({ ...GRID, figures: [{ title: "Size", x: "factors.n" }] })};\n`,
    );
    const ended = await bytesper(["run", file, "--out", join(folder, "out")]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/of its "figures", number 1 needs a "y"/);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});

test("where no canvas can be loaded the SVG is written, and the user is told once", async () => {
  await inFolder(async (folder) => {
    // Stands before the package as a module that cannot be loaded would.
    const hooks = `export async function resolve(name, context, next) {
      if (name === "@napi-rs/canvas") throw new Error("no such library");
      return next(name, context);
    }`;
    const loader = join(folder, "loader.mjs");
    const source = `import { register } from "node:module"; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});`;
    writeFileSync(loader, source);
    const file = join(folder, "grid.experiment.mjs");
    const figure = { title: "Size", x: "factors.n", y: ["readings.sizeBytes"] };
    writeFileSync(file, `export default ${JSON.stringify({ ...GRID, figures: [figure, figure] })};\n`);
    const ended = await run(process.execPath, [
      "--import",
      loader,
      MAIN,
      "run",
      file,
      "--out",
      join(folder, "out"),
    ]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr.match(/Figures are written as SVG only/g)).toHaveLength(1);
    expect(readdirSync(join(folder, "out/grid/figures")).sort()).toEqual([
      "size-2.svg",
      "size-2.vl.json",
      "size.svg",
      "size.vl.json",
    ]);
    expect(readFileSync(join(folder, "out/grid/result.md"), "utf8")).not.toContain(".png");
  });
});

test("a command without figures loads nothing that draws", async () => {
  await inFolder(async (folder) => {
    const trace = join(folder, "trace.cjs");
    writeFileSync(
      trace,
      `process.on("exit", () => {
        const drawing = Object.keys(require("node:module")._cache).filter((file) => /echarts|napi-rs/.test(file));
        process.stderr.write("loaded " + drawing.length + " that draw");
      });`,
    );
    const ended = await run(process.execPath, ["--require", trace, MAIN, "--help"]);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("loaded 0 that draw");
  });
});
