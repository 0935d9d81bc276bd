import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { shownByFile } from "../../../../src/runner/engine/shown.js";
import type { RunRequest } from "../../../../src/runner/engine/request.js";

test("a journal from elsewhere cannot have a file run that it names", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "foreign.experiment.mjs");
  const ran = join(folder, "ran");
  writeFileSync(
    file,
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(ran)}, ""); export default {};`,
  );
  const shown = await shownByFile({ experiments: [{ file, shipped: false }] } as unknown as RunRequest);
  expect([shown("foreign"), existsSync(ran)]).toEqual(["as recorded", false]);
});

test("a shipped experiment's answer comes from its file as it is now", async () => {
  const experiments = [{ file: "attention-memory", shipped: true }];
  const shown = await shownByFile({ experiments } as unknown as RunRequest);
  expect(shown("attention-memory")).toMatchObject({ figures: expect.any(Array) as unknown });
});
