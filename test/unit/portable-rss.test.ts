import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { expect, test } from "vitest";
import { isAbsent } from "../../src/system/probe/reading.js";
import { PortableRss } from "../../src/system/portable-rss.js";
import { rssOf } from "../../src/system/process.js";

/**
 * pidusage reads /proc/PID/stat, whose counters the kernel keeps apart for each processor: proc_pid_stat(5) calls them
 * inaccurate. Three counters (anonymous, file, shared), each off by fewer than 32 pages a processor.
 */
const COUNTER_ERROR_BYTES = 3 * 32 * 4096 * cpus().length;
/** Some 20 MB in the shell, far more than that error. */
const HOLD = "held=$(head -c 20000000 /dev/zero | tr '\\0' x)";

test.skipIf(process.platform !== "linux")(
  "the portable reading of a still process is what /proc tells, and absent once it has ended",
  async () => {
    // Prints when it is up, then waits for its input to end.
    const child = spawn("sh", ["-c", `${HOLD}; echo up; read line`], { stdio: ["pipe", "pipe", "ignore"] });
    await once(child.stdout, "data");
    const rss = new PortableRss(child.pid as number);
    expect(rss.read()).toEqual({ absent: "its first reading has not come yet" });
    await rss.settled();
    const read = rss.read();
    await rss.settled();
    if (isAbsent(read)) throw new Error(read.absent);
    expect(Math.abs(read - (rssOf(child.pid as number) ?? 0))).toBeLessThanOrEqual(COUNTER_ERROR_BYTES);

    child.stdin.end();
    await once(child, "exit");
    rss.read();
    await rss.settled();
    const after = rss.read();
    await rss.settled();
    expect(isAbsent(after) && after.absent).toMatch(
      new RegExp(`^the system does not tell the memory of process ${String(child.pid)} \\(.+\\)$`),
    );
  },
);
