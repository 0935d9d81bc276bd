import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../src/system/temporary.js";

test("a temporary folder is new, and where none can be made one sentence says what to set", () => {
  const own = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  vi.stubEnv("TMPDIR", own);
  try {
    const [first, second] = [temporaryFolder("check"), temporaryFolder("check")];
    expect(first).not.toBe(second);
    expect(first.startsWith(join(own, "bytesper-check-"))).toBe(true);
    expect(existsSync(second)).toBe(true);
    vi.stubEnv("TMPDIR", "/proc/bytesper");
    expect(() => temporaryFolder()).toThrow(
      /^No temporary folder can be made in \/proc\/bytesper \(.+\); set TMPDIR to a folder that can be written\.$/,
    );
  } finally {
    vi.unstubAllEnvs();
    rmSync(own, { recursive: true });
  }
});
