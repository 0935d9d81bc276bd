import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { followLog } from "../../../src/oom/follow.js";

const report = (gib: number): string =>
  `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate ${gib}.00 GiB. GPU 0 has a total capacity of 24.00 GiB of which 1.00 GiB is free.\n`;

test("a growing log speaks once for each report, when it is whole, and begins anew where it was cut", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-follow-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "run.log");
  writeFileSync(file, "INFO step 1\n");
  const found = followLog(file);
  const told = async (): Promise<(number | null | undefined)[]> => {
    const { value } = (await found.next()) as {
      value?: { reports: { record: { requestedBytes: number | null } }[] };
    };
    return value?.reports.map(({ record }) => (record.requestedBytes ?? 0) / 2 ** 30) ?? [];
  };
  let next = told();
  // The follower reads in this thread, so it sees a report in two writes only when both are done.
  appendFileSync(file, report(2).slice(0, 70));
  appendFileSync(file, report(2).slice(70));
  expect(await next).toEqual([2]);
  next = told();
  appendFileSync(file, `INFO step 2\n${report(3)}INFO step 3\n${report(4)}`);
  expect(await next).toEqual([3, 4]);
  next = told();
  // Shorter than what was read.
  writeFileSync(file, report(5));
  expect(await next).toEqual([5]);
  await found.return(undefined);
});
