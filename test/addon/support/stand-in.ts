import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

type Defines = Record<string, string | number>;

export const NO_COMPILER =
  process.platform !== "linux"
    ? "needs Linux"
    : spawnSync("cc", ["--version"]).status === 0
      ? undefined
      : "needs cc, a C compiler, on the PATH";

let folder: string | undefined;
let count = 0;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** A fresh folder that goes when the test file is done. */
export function temporaryFolder(): string {
  folder ??= mkdtempSync(join(tmpdir(), "bytesper-stand-in-"));
  const inner = join(folder, String((count += 1)));
  mkdirSync(inner);
  return inner;
}

/** Compiles a stand-in library, linked with `libraries`, and returns the folder that holds it under `soname`. */
export function compileStandIn(
  source: string,
  soname: string,
  defines: Defines = {},
  libraries: string[] = [],
): string {
  const target = temporaryFolder();
  const macros = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
  const file = fileURLToPath(new URL(`../stand-in/${source}`, import.meta.url));
  execFileSync("cc", ["-shared", "-fPIC", "-O1", ...macros, "-o", join(target, soname), file, ...libraries], {
    encoding: "utf8",
  });
  return target;
}
