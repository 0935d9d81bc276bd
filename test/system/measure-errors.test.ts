import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesper, fitOf, inFolder, measured, subject } from "./cli.js";

const CASES: [name: string, code: number, sentence: RegExp][] = [
  ["missing.mjs", 2, /missing\.mjs does not exist; give the path of a module\.$/],
  ["known.json", 2, /known\.json does not exist/],
  [
    "no-create.mjs",
    2,
    /must export create\(index\), which returns one instance; it exports make; to measure make, give .*no-create\.mjs#make\.$/,
  ],
  ["throws.mjs", 1, /^create\(3\) of .*throws\.mjs threw: the pool is empty \(.*throws\.mjs:\d+:\d+\)\.$/],
  ["never-settles.mjs", 1, /^create\(0\) returned a promise that did not settle within 10 s/],
  [
    "typed.ts#nope",
    2,
    /has no export "nope"; the module exports Pair, create, estimate, named; give .*typed\.ts#Pair, or export that name\.$/,
  ],
  ["dies.mjs", 1, /could not be measured: the process was killed by SIGKILL/],
];

test.each(CASES)("%s ends with exit code %i and one sentence", async (name, code, sentence) => {
  const ended = await bytesper(["measure", subject(name), "--json"]);
  const lines = ended.stderr.trim().split("\n");
  expect(lines.at(-1)).toMatch(sentence);
  expect(lines).toHaveLength(1);
  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe("");
});

test("an error that nobody catches is told with its place in the user's TypeScript", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "late.ts");
    const late =
      "interface P { a: string }\n\nsetTimeout(() => {\n  throw new Error('no database');\n}, 1);\n";
    writeFileSync(
      file,
      `${late}export const create = () => new Promise((done) => setTimeout(done, 5000));\n`,
    );
    const ended = await bytesper(["measure", file]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /could not be measured: nobody caught Error: no database \(.*late\.ts:4:9\)\.$/m,
    );
    expect(ended.stderr).not.toMatch(/Node\.js v|source/);
  });
});

test("a subject that needs a file for itself alone is measured one process at a time", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "alone.mjs");
    const text = `import { mkdirSync, rmdirSync } from "node:fs";
const lock = new URL("./lock", import.meta.url);
mkdirSync(lock);
process.on("exit", () => rmdirSync(lock));
export class Session { constructor(i) { this.id = i; } }
`;
    writeFileSync(file, text);
    const result = await measured([`${file}#Session`, "--no-snapshot", "--trials", "3"]);
    expect(fitOf(result).perUnitBytes.value).toBe(32);
    expect(result.warnings.map(({ name }) => name)).not.toContain("cells-missing");
  });
});

test("a create that never returns is stopped at the wall time", async () => {
  const ended = await bytesper(["measure", subject("spins.mjs"), "--timeout", "1"]);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/did not finish within 1 s/);
});

test("TypeScript that does not parse is named with its line", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "broken.ts");
    writeFileSync(file, "const one = 1;\nexport const create = (index: number => ({ index });\n");
    const ended = await bytesper(["measure", file]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/broken\.ts is not valid TypeScript, line 2: Expected/);
  });
});

test("a folder is no subject", async () => {
  await inFolder(async (folder) => {
    const ended = await bytesper(["measure", folder]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/is not a file/);
  });
});

test("a subject in another folder may import bytesper and measure text of its own", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "own.ts");
    writeFileSync(
      file,
      'import { generatedCorpus } from "bytesper/corpus";\nconst corpus = generatedCorpus(7);\nexport const create = (index: number) => corpus.messages(index, 2);\n',
    );
    const ended = await bytesper(["measure", file, "--json", "--no-snapshot"]);
    expect(ended.stderr).not.toMatch(/cannot be loaded/);
    expect(ended.code).toBe(0);
  });
});

test("wrong usage is exit code 2", async () => {
  expect((await bytesper(["measure"])).code).toBe(2);
  expect((await bytesper(["measure", "x.mjs", "--trials", "0"])).code).toBe(2);
  expect((await bytesper(["nonsense"])).code).toBe(2);
  expect((await bytesper(["--help"])).code).toBe(0);
});
