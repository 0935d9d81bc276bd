import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

/** BYTESPER_GOLDEN=write makes the files anew; read the difference before committing it. */
export function expectGolden(name: string, text: string): void {
  const file = new URL(`../../golden/${name}`, import.meta.url);
  if (process.env.BYTESPER_GOLDEN === "write") writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}
