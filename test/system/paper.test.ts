import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Ended } from "./cli.js";
import { paperFolder, wholeResult } from "../unit/report/paper/folder.js";
import { bytesperInOneProcess } from "./one-process.js";

const bytesper = bytesperInOneProcess();

const VALUE = "<!-- bytesper:value session-scaling.fit.perUnitBytes kB 1 -->";
const SOURCE = `a ${VALUE}<!-- / --> b\n`;
/** Run and first 16 digits of the journal's hash. */
const TRACE = "<!-- run 20260102T030405Z-abcdef, journal 52407cac68840e4d -->";
const FILLED = `a ${VALUE}7.7 kB${TRACE}<!-- / --> b\n`;

function write(folder: string, name: string, text: string | Buffer): string {
  writeFileSync(join(folder, name), text);
  return name;
}

function paper(folder: string, ...args: string[]): Promise<Ended> {
  return bytesper(["paper", ...args], { cwd: folder });
}

function contentOf(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

test("a value is filled in place, and again is as it was", async () => {
  const folder = paperFolder();
  write(folder, "p.md", SOURCE);
  const { code, stdout, stderr } = await paper(folder, "p.md");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe("p.md: 1 number, written\n");
  expect(contentOf(folder, "p.md")).toBe(FILLED);
  expect((await paper(folder, "p.md")).stdout).toBe("p.md: 1 number, as it was\n");
  const agrees = "The file says what the results say.\n";
  expect(await paper(folder, "p.md", "--check")).toEqual({ code: 0, stdout: "", stderr: agrees });
});

test("all but the content stays, byte for byte: mixed line ends, a BOM, other encodings, no last line end", async () => {
  const folder = paperFolder();
  const before = Buffer.concat([
    Buffer.from([0xef, 0xbb, 0xbf]),
    Buffer.from("one\r\ntwo\n"),
    // Latin-1 within UTF-8, and a zero.
    Buffer.from([0xe9, 0x00, 0x0a]),
    Buffer.from('> <!-- bytesper:table session-scaling columns="sessions" -->\r\n> <!-- /bytesper -->\r\n'),
    Buffer.from(SOURCE.trimEnd()),
  ]);
  write(folder, "p.md", before);
  expect((await paper(folder, "p.md")).code).toBe(0);
  const text = readFileSync(join(folder, "p.md")).toString("latin1");
  const end = text.indexOf("-->\r\n") + 5;
  expect(text.slice(0, end)).toBe(before.toString("latin1").slice(0, end));
  expect(text.slice(end, text.indexOf("> <!-- /bytesper"))).toMatch(/^(>[^\r\n]*\r\n)+$/);
  expect(text.endsWith(`> <!-- /bytesper -->\r\n${FILLED.trimEnd()}`)).toBe(true);
});

test("--check names the file, the line and both texts, exits 1 and writes nothing", async () => {
  const folder = paperFolder();
  const table = '<!-- bytesper:table session-scaling columns="sessions | heap" -->\n<!-- /bytesper -->\n';
  write(folder, "p.md", `${SOURCE}\n${table}`);
  await paper(folder, "p.md");
  const changed = contentOf(folder, "p.md").replace("7.7 kB", "7.8 kB").replace("11,000", "11,001");
  write(folder, "p.md", changed);
  const { code, stdout } = await paper(folder, "p.md", "--check");
  expect(code).toBe(1);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^p\.md:1: .* says "7\.8 kB.*, the results say "7\.7 kB/),
    // The table: comment, caption, blank, heading and rule come first.
    expect.stringMatching(/^p\.md:9: .* has "\| +1 \| +11,001 \|", the results say "\| +1 \| +11,000 \|"\.$/),
    "",
  ]);
  expect(contentOf(folder, "p.md")).toBe(changed);
});

describe("a number is traced to its journal", () => {
  test.each([
    [
      "is gone",
      (path: string) => {
        rmSync(path);
      },
      "is not there",
    ],
    [
      "is another",
      (path: string) => {
        writeFileSync(path, "other\n");
      },
      "is another than its result was made from",
    ],
  ])("--check fails when it %s", async (_, spoil, message) => {
    const folder = paperFolder();
    write(folder, "p.md", SOURCE);
    await paper(folder, "p.md");
    spoil(join(folder, "results", wholeResult().journal ?? ""));
    const { code, stdout } = await paper(folder, "p.md", "--check");
    expect(code).toBe(1);
    expect(stdout).toContain(
      "p.md:1: bytesper:value session-scaling.fit.perUnitBytes kB 1 cannot be traced: its journal",
    );
    expect(stdout).toContain(message);
  });

  test("--check fails when another run gave the same number", async () => {
    const folder = paperFolder();
    write(folder, "p.md", SOURCE);
    await paper(folder, "p.md");
    const result = { ...wholeResult(), runId: "20260909T000000Z-ffffff" };
    writeFileSync(join(folder, "results/session-scaling/result.json"), JSON.stringify(result));
    expect((await paper(folder, "p.md", "--check")).code).toBe(1);
  });
});

describe("numbers of macros", () => {
  test("get a file beside the paper, with run and whole hash", async () => {
    const folder = paperFolder();
    mkdirSync(join(folder, "paper"));
    write(folder, "paper/p.tex", "\\input{numbers}\n\\bytesper{session-scaling.fit.perUnitBytes kB 1}\n");
    expect((await paper(folder, "paper/p.tex")).code).toBe(0);
    const { journalSha256, runId } = wholeResult();
    expect(contentOf(folder, "paper/numbers.tex")).toContain(
      `\\csname bytesper@session-scaling.fit.perUnitBytes kB 1\\endcsname{7.7~kB}% run ${runId}, journal runs/${runId}.jsonl, SHA-256 ${journalSha256 ?? ""}\n`,
    );
    write(
      folder,
      "paper/numbers.tex",
      contentOf(folder, "paper/numbers.tex").replace("{7.7~kB}", "{7.6~kB}"),
    );
    const { code, stdout } = await paper(folder, "paper/p.tex", "--check");
    expect(code).toBe(1);
    expect(stdout).toBe(
      'paper/p.tex:2: \\bytesper{session-scaling.fit.perUnitBytes kB 1} is "7.6~kB" in paper/numbers.tex:4, the results say "7.7~kB".\n',
    );
  });

  test("do not take the place of a file of the author", async () => {
    const folder = paperFolder();
    write(folder, "numbers.tex", "mine\n");
    write(folder, "p.tex", "\\bytesper{session-scaling.fit.perUnitBytes kB 1}\n");
    const { code, stderr } = await paper(folder, "p.tex");
    expect(code).toBe(2);
    expect(stderr).toContain("numbers.tex is there and was not made by bytesper paper");
    expect(contentOf(folder, "numbers.tex")).toBe("mine\n");
    expect((await paper(folder, "p.tex", "--numbers", "own.tex")).code).toBe(0);
    expect(existsSync(join(folder, "own.tex"))).toBe(true);
  });
});

test("a figure is linked from where the paper lies", async () => {
  const folder = paperFolder();
  mkdirSync(join(folder, "a b/c"), { recursive: true });
  const figure = '<!-- bytesper:figure session-scaling/bytes caption="A [x]" -->\n<!-- /bytesper -->\n';
  write(folder, "a b/c/p.md", figure);
  write(folder, "a b/c/p.tex", "% bytesper:begin figure session-scaling/bytes width=85mm\n% bytesper:end\n");
  expect((await paper(folder, "a b/c/p.md", "a b/c/p.tex")).code).toBe(0);
  expect(contentOf(folder, "a b/c/p.md")).toContain(
    "\n![A \\[x\\]](../../results/session-scaling/figures/bytes.svg)\n",
  );
  expect(contentOf(folder, "a b/c/p.tex")).toContain(
    "\n\\includegraphics[width=85mm]{../../results/session-scaling/figures/bytes.png}\n",
  );
  write(folder, "p.md", figure.replace("bytes ", "byts "));
  expect((await paper(folder, "p.md")).stderr).toContain("has no figure byts as .svg or .png");
});

describe("files", () => {
  test("behind a link: the file is replaced, the link and the permissions stay", async () => {
    const folder = paperFolder();
    mkdirSync(join(folder, "real"));
    write(folder, "real/p.md", SOURCE);
    chmodSync(join(folder, "real/p.md"), 0o640);
    symlinkSync("real/p.md", join(folder, "p.md"));
    expect((await paper(folder, "p.md")).code).toBe(0);
    expect(lstatSync(join(folder, "p.md")).isSymbolicLink()).toBe(true);
    expect(contentOf(folder, "real/p.md")).toBe(FILLED);
    expect(statSync(join(folder, "real/p.md")).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(folder, "real"))).toEqual(["p.md"]);
  });

  test("that are read-only are left, also by who may write anything", async () => {
    const folder = paperFolder();
    write(folder, "a.md", SOURCE);
    write(folder, "b.md", SOURCE);
    chmodSync(join(folder, "b.md"), 0o444);
    const { code, stderr } = await paper(folder, "a.md", "b.md");
    expect(code).toBe(3);
    expect(stderr).toBe("b.md is read-only; make it writable (chmod u+w), nothing was changed.\n");
    expect([contentOf(folder, "a.md"), contentOf(folder, "b.md")]).toEqual([SOURCE, SOURCE]);
    expect((await paper(folder, "b.md", "--check")).code).toBe(1);
  });

  test.each([
    ["missing", "b.md", "b.md cannot be read: there is no such file."],
    ["a folder", "results.md", "results.md is no regular file"],
    ["of another kind", "b.docx", "b.docx is no paper; give files that end in .md"],
  ])("of which one is %s: none is written", async (_, name, message) => {
    const folder = paperFolder();
    write(folder, "a.md", SOURCE);
    mkdirSync(join(folder, "results.md"));
    const { code, stderr } = await paper(folder, "a.md", name);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(contentOf(folder, "a.md")).toBe(SOURCE);
  });

  test("of which one has a marker that cannot be filled: none is written, all such markers are told", async () => {
    const folder = paperFolder();
    write(folder, "a.md", SOURCE);
    write(
      folder,
      "b.md",
      `x\n${SOURCE.replace("perUnit", "perUnti")}<!-- bytesper:table sesion-scaling -->\n<!-- / -->`,
    );
    const { code, stderr } = await paper(folder, "a.md", "b.md");
    expect(code).toBe(2);
    expect(stderr.split("\n")).toEqual([
      "b.md:2: session-scaling.fit.perUntiBytes is not in the result; the nearest is fit.perUnitBytes.",
      "b.md:3: results has no result of sesion-scaling; the nearest is session-scaling.",
      "",
    ]);
    expect(contentOf(folder, "a.md")).toBe(SOURCE);
  });

  test("without a marker are told, and where none has one that is exit 1", async () => {
    const folder = paperFolder();
    write(folder, "a.md", "plain\n");
    expect(await paper(folder, "a.md")).toMatchObject({
      code: 1,
      stderr: "a.md holds no marker of bytesper.\n",
    });
  });
});

describe("a result", () => {
  test.each([
    ["damaged", "{", "is not JSON; run the experiment again."],
    ["newer", JSON.stringify({ ...wholeResult(), schema: "bytesper/result@2" }), "use a newer bytesper"],
    ["of another shape", JSON.stringify({ ...wholeResult(), rows: 3 }), "is not a result: rows"],
  ])("that is %s is a sentence at the marker's line", async (_, text, message) => {
    const folder = paperFolder();
    writeFileSync(join(folder, "results/session-scaling/result.json"), text);
    write(folder, "p.md", SOURCE);
    for (const more of [[], ["--check"]]) {
      const { code, stderr } = await paper(folder, "p.md", ...more);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^p\.md:1: results\/session-scaling\/result\.json /);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain("at ");
    }
  });

  test("is looked for in --results, which must be a folder", async () => {
    const folder = paperFolder();
    write(folder, "p.md", SOURCE);
    const { code, stderr } = await paper(folder, "p.md", "--results", "none");
    expect(code).toBe(2);
    expect(stderr).toBe("There is no folder none; give that of the results with --results.\n");
  });
});

test("an absent value prints its mark with the reason in the comment, and says so", async () => {
  const folder = paperFolder();
  write(
    folder,
    "p.md",
    "<!-- bytesper:value session-scaling.rows[sessions=1].readings.nativeBytes --><!-- / -->",
  );
  const { code, stderr } = await paper(folder, "p.md");
  expect(code).toBe(0);
  expect(stderr).toContain("absent: this C library has no mallinfo2");
  expect(contentOf(folder, "p.md")).toMatch(
    /-->—<!-- run [^>]*, absent: this C library has no mallinfo2 --><!-- \/ -->$/,
  );
});

test("--json is one document", async () => {
  const folder = paperFolder();
  write(folder, "p.md", SOURCE);
  const { code, stdout } = await paper(folder, "p.md", "--check", "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    files: [{ file: "p.md", values: 1 }],
    stale: [{ file: "p.md", line: 1 }],
    notices: [],
  });
});
