import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { expect, test } from "vitest";
import { MAIN } from "./cli.js";

const MIB = 2 ** 20;
const LINE = "2025-11-10 04:32:17,764 INFO trainer: step 17 of 1000, it never ran out of memory, loss 0.5\n";
const BLOCK = Buffer.from(LINE.repeat(12_000));
const LOG_BYTES = 400e6;
const REPORT =
  "RuntimeError: CUDA out of memory. Tried to allocate 8.00 MiB (GPU 0; 16.00 MiB total capacity; 4.00 MiB already allocated; 2.00 MiB free; 6.00 MiB reserved in total by PyTorch)\n";

/** VmHWM of another process. */
function peakBytes(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return 1024 * Number(kilobytes);
}

/** Resolves once the reader has room for more, so that next to nothing waits in this process. */
async function write(input: Writable, bytes: Buffer): Promise<void> {
  if (!input.write(bytes)) await once(input, "drain");
}

test("a log of 400 MB is read in memory that does not grow with it", async (context) => {
  if (!existsSync("/proc/self/status")) return context.skip("no peak memory here: /proc is missing");
  const child = spawn(process.execPath, [MAIN, "explain-oom", "-", "--json"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const closed = once(child, "close");
  const { pid = 0 } = child;
  let written = 0;
  let early = 0;
  while (written < LOG_BYTES) {
    await write(child.stdin, BLOCK);
    written += BLOCK.length;
    if (early === 0 && written > LOG_BYTES / 4) early = peakBytes(pid);
  }
  await write(child.stdin, Buffer.from(REPORT));
  // All but what a pipe holds has been taken by now.
  const late = peakBytes(pid);
  child.stdin.end();
  expect(await closed).toEqual([0, null]);
  const { reports, bytes } = JSON.parse(stdout) as {
    reports: { line: number; requestedBytes: number }[];
    bytes: number;
  };
  expect(bytes).toBe(written + REPORT.length);
  expect(reports).toMatchObject([{ line: written / LINE.length + 1, requestedBytes: 8 * MIB }]);
  expect(late).toBeLessThan(200e6);
  // Three quarters of the log more; the collector's own moods are some tens of MB.
  expect(late - early).toBeLessThan(60e6);
});
