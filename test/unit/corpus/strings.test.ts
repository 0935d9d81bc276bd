import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ROOT } from "../../system/cli.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What V8 itself says of the contents that the built corpus hands out. */
function dumpOf(content: string): string {
  const file = join(folder, "chats.jsonl");
  writeFileSync(file, `${JSON.stringify({ messages: [{ role: "user", content }] })}\n`);
  const script = `
    import { fileCorpus } from ${JSON.stringify(`file://${ROOT}dist/corpus/index.js`)};
    const [{ content }] = fileCorpus(${JSON.stringify(file)}).messages(0, 1);
    %DebugPrint(content);`;
  const path = join(folder, "dump.mjs");
  writeFileSync(path, script);
  return execFileSync(process.execPath, ["--allow-natives-syntax", path], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
}

/** The short form of a release build names the map; its instance type tells one byte from two, flat from rope. */
test("contents are flat heap strings, neither ropes, slices nor external", () => {
  for (const content of ["one byte", "two bytes: ł", "x".repeat(3_000_000), "ł".repeat(2_000_000)]) {
    const dump = dumpOf(content);
    expect(dump).toMatch(/String/i);
    expect(dump).not.toMatch(/CONS|SLICED|EXTERNAL|THIN/);
  }
});
