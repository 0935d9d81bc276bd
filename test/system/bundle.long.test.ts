import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesper, inFolder, ROOT, run } from "./cli.js";

describe.skipIf(process.platform !== "linux")("a bundle, which is for Linux", () => {
  const env = { PATH: "/usr/bin:/bin", NODE_PATH: "", NODE_OPTIONS: "" };
  let folder = "";
  let archive = "";
  let root = "";

  beforeAll(async () => {
    const made = await run(process.execPath, [join(ROOT, "scripts/bundle.mjs")]);
    expect(made.code, made.stderr).toBe(0);
    archive = join(ROOT, /build\/\S+\.tar\.gz/.exec(made.stdout)?.[0] ?? "");
    folder = mkdtempSync(join(tmpdir(), "bytesper-unpacked-"));
    expect(await run("tar", ["-C", folder, "-xzf", archive])).toMatchObject({ code: 0 });
    root = join(folder, readdirSync(folder)[0] as string);
  }, 300_000);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A script beside the bundle's packages, run by the Node of the bundle. */
  async function script(lines: readonly string[], args: readonly string[] = []): Promise<string> {
    const path = join(root, "script.mjs");
    await writeFile(path, lines.join("\n"));
    const ended = await run(join(root, "bin/node"), [path, ...args], { cwd: folder, env });
    expect(ended.code, ended.stderr).toBe(0);
    return ended.stdout;
  }

  test("is small enough to carry", () => {
    expect(statSync(archive).size).toBeLessThan(60 * 2 ** 20);
  });

  test("runs without Node on the PATH", { timeout: 300_000 }, async () => {
    await inFolder(async (cwd) => {
      const args = ["profile", "device-sessions", "instance-overhead", "--quick", "--device", "cpu"];
      const ended = await run(join(root, "bytesper"), [...args, "--device-cap", "200MiB", "--trials", "1"], {
        cwd,
        env,
      });
      expect(ended.code, ended.stderr).toBe(0);
      const result = JSON.parse(
        readFileSync(join(cwd, "results-quick/device-sessions/result.json"), "utf8"),
      ) as {
        complete: boolean;
      };
      expect(result.complete).toBe(true);
      expect(readdirSync(join(cwd, "results-quick/device-sessions/figures"))).toContain("capacity.svg");
      expect(readdirSync(join(cwd, "results-quick"))).toContain("index.html");
    });
  });

  test("has each package that the program needs, with what that one needs", async () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(join(ROOT, "package.json"), "utf8"),
    ) as Record<"dependencies" | "peerDependencies", Record<string, string>>;
    // They build or find the addon, or are said to be left out; the fonts are no code.
    const without = ["@napi-rs/canvas", "dejavu-fonts-ttf", "node-addon-api", "node-gyp-build", "vitest"];
    const names = Object.keys({ ...dependencies, ...peerDependencies }).filter(
      (name) => !without.includes(name),
    );
    expect(names).toContain("libsql");
    const answer = await script([
      `const names = ${JSON.stringify(names)};`,
      "const loaded = await Promise.all(names.map((name) => import(name)));",
      "console.log(loaded.filter((module) => Object.keys(module).length > 0).length);",
    ]);
    expect(answer).toBe(`${names.length}\n`);
  });

  test("keeps observations and counts tokens exactly", async () => {
    const observe = [
      'import { ObservationStore, openTokenizer } from "bytesper/context";',
      "const [path, content] = process.argv.slice(2);",
      "const store = new ObservationStore(path);",
      'if (content !== undefined) store.save({ category: "order", type: "fact", content, tags: ["seat"] });',
      'const [found] = store.query({ tags: ["seat"] });',
      "const tokenizer = await openTokenizer();",
      "console.log(found.content, tokenizer.count(found.content));",
      "store.close();",
    ];
    const path = join(folder, "observations.sqlite");
    // "hello world" is two tokens of o200k_base.
    expect(await script(observe, [path, "hello world"])).toBe("hello world 2\n");
    expect(await script(observe, [path])).toBe("hello world 2\n");
  });

  test("draws figures as SVG, without the package for PNG", async () => {
    const svg = await script([
      'import { init } from "echarts";',
      'const chart = init(null, null, { renderer: "svg", ssr: true, width: 300, height: 200 });',
      'chart.setOption({ animation: false, xAxis: {}, yAxis: {}, series: [{ type: "line", data: [[0, 1], [1, 2]] }] });',
      "console.log(chart.renderToSVGString());",
      "chart.dispose(); // else its clock keeps the process",
    ]);
    expect(svg).toMatch(/^<svg[\s\S]*<path[\s\S]*<\/svg>\n$/);
    expect(readdirSync(join(root, "node_modules"))).not.toContain("@napi-rs");
  });
});

test("the command itself is what the bundle starts", async () => {
  expect((await bytesper(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
