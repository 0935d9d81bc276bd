import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesper, inFolder, MAIN, run } from "./cli.js";

test("a module's own data and its packages' data are told apart, as CommonJS and as ES modules", async () => {
  await inFolder(async (folder) => {
    for (const [name, kind, text] of [
      ["large", "commonjs", "exports.rows = Array.from({ length: 20000 }, (_, i) => ({ i: i + 0.5 }));"],
      ["@scope/small", "module", "export const data = new Uint8Array(500_000);"],
    ] as const) {
      const home = join(folder, "node_modules", name);
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, "package.json"), JSON.stringify({ name, type: kind, main: "index.js" }));
      writeFileSync(join(home, "index.js"), text);
    }
    writeFileSync(
      join(folder, "app.mjs"),
      'import "@scope/small";\nimport "large";\nexport const own = 1;\n',
    );
    const { code, stdout, stderr } = await run(
      process.execPath,
      [MAIN, "import", "./app.mjs", "--trials", "1", "--json"],
      { cwd: folder },
    );
    expect(code, stderr).toBe(0);
    const answer = JSON.parse(stdout) as {
      heapBytes: { value: number };
      externalBytes: { value: number };
      packages: { name: string; bytes: number }[];
    };
    const bytesOf = (name: string): number => answer.packages.find((row) => row.name === name)?.bytes ?? 0;
    // An object of 40 bytes by Node 22 (32 or 40), a boxed number of 16 and a place of 8, for each of 20,000 rows.
    expect(bytesOf("large")).toBeGreaterThanOrEqual(20_000 * (32 + 8));
    expect(bytesOf("large")).toBeLessThan(20_000 * (56 + 16 + 8) + 200_000);
    expect(bytesOf("@scope/small")).toBeGreaterThanOrEqual(500_000);
    expect(bytesOf("@scope/small")).toBeLessThan(520_000);
    expect(answer.externalBytes.value).toBeGreaterThanOrEqual(500_000);
    expect(answer.heapBytes.value).toBeGreaterThanOrEqual(20_000 * (32 + 8));

    const none = await run(process.execPath, [MAIN, "import", "no-such-package"], { cwd: folder });
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(/^no-such-package cannot be imported here: Cannot find package/m);
  });
});

test("a module that never ends its top level is named", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "waits.mjs"), "setInterval(() => {}, 1000); await new Promise(() => {});");
    const { code, stderr } = await bytesper(["import", join(folder, "waits.mjs"), "--timeout", "2"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/waits\.mjs was not done after 2 s/);
  });
});
