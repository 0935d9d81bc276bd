import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadImage } from "@napi-rs/canvas";
import { expect, test } from "vitest";
import { bytesper, inFolder, MAIN, run } from "./cli.js";

const NAMES = ["breakdown", "bytes", "estimate"];
const FILES = NAMES.flatMap((name) => ["pdf", "png", "svg", "vl.json"].map((ending) => `${name}.${ending}`));

test("a quick profile writes figures that its page links, and report writes the same from the journal", async () => {
  await inFolder(async (folder) => {
    const ended = await bytesper(["profile", "session-scaling", "--quick", "--trials", "1", "--out", folder]);
    expect(ended.code, ended.stderr).toBe(0);
    const own = join(folder, "session-scaling");
    const figures = join(own, "figures");
    expect(readdirSync(figures).sort()).toEqual(FILES);
    const page = readFileSync(join(own, "result.md"), "utf8");
    for (const file of FILES) expect(page).toContain(`(figures/${file})`);
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
});

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
