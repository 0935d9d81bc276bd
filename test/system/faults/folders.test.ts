import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesper, inFolder } from "../cli.js";
import { Grid, resultOf } from "./grid.js";

/** Every file of a folder with its content. */
function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), "utf8")]),
  );
}

test("a second run into the same folder keeps the journal and the fuller result of the first", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder, { x: 3, y: 1 });
    const out = join(folder, "out");
    expect((await bytesper(["run", grid.file, "--out", out])).code).toBe(0);
    const first = resultOf(out);
    const second = await bytesper(["run", grid.file, "--out", out, "--filter", "x=2"]);
    expect(second.stderr).toContain("grid/result.md has cells that this run left out and was kept;");
    expect(readdirSync(join(out, "runs"))).toHaveLength(2);
    expect(resultOf(out)).toEqual(first);
    const own = readdirSync(join(out, "grid")).find((name) => /-\w{6}\.json$/.test(name));
    expect(JSON.parse(readFileSync(join(out, "grid", own ?? ""), "utf8"))).toMatchObject({
      rows: [{ factors: { x: 2, y: 1 } }],
      settings: { selection: "x=2" },
    });
  });
});

test("a folder of the user's is left as it is, and nothing runs", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder, { x: 1, y: 1 });
    mkdirSync(join(folder, "grid/tables"), { recursive: true });
    for (const name of ["README.md", "index.html", "summary.json", "grid/tables/mine.csv"])
      writeFileSync(join(folder, name), "mine");
    const before = contentOf(folder);
    for (const [out, message] of [
      [".", "is no results folder, and files there would be replaced; give an empty or a new folder"],
      ["", "--out is empty; give the path of a folder."],
    ] as const) {
      const { code, stderr } = await bytesper(["run", grid.file, "--out", out], { cwd: folder });
      expect(code).toBe(2);
      expect(stderr).toContain(message);
      expect(contentOf(folder)).toEqual(before);
    }
  });
});

test("a results folder from elsewhere whose journal or tables lead outside is refused before anything is written", async () => {
  await inFolder(async (folder) => {
    const grid = new Grid(folder, { x: 1, y: 1 });
    const out = join(folder, "out");
    expect((await bytesper(["run", grid.file, "--out", out])).code).toBe(0);
    mkdirSync(join(folder, "linked"));
    symlinkSync(join(out, "journal.jsonl"), join(folder, "linked/journal.jsonl"));
    mkdirSync(join(folder, "away"));
    writeFileSync(join(folder, "away/mine.csv"), "mine");
    rmSync(join(out, "grid/tables"), { recursive: true });
    symlinkSync(join(folder, "away"), join(out, "grid/tables"));
    const before = contentOf(folder);
    for (const [words, message] of [
      [["resume", join(folder, "linked")], "is a link to"],
      [["report", out], "grid/tables is a link where a folder of results was expected;"],
    ] as const) {
      const { code, stderr } = await bytesper(words);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    expect(contentOf(folder)).toEqual(before);
  });
});
