import { describe, expect, test } from "vitest";
import { MIB, figures, figuresOf, recordOf, recordsOf } from "../support.js";

describe("Node", () => {
  const collections = [
    "[77:0x5570]   114083 ms: Mark-Compact 90.0 (100.0) -> 80.0 (96.0) MB, 16.98 / 0.00 ms  (average mu = 0.608, current mu = 0.339) allocation failure; scavenge might not succeed",
    "[77:0x5570]   114119 ms: Mark-Compact (reduce) 88.0 (98.0) -> 84.5 (97.5) MB, pooled: 0.0 MB, 68.14 / 1.04 ms (+ 55.9 ms in 304 steps) (average mu = 0.600, current mu = 0.590) allocation failure;",
  ];
  const heading = "<--- Last few GCs --->\n\n";
  const stack = "\n\n<--- JS stacktrace --->\n\n";
  const fatal =
    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n 1: 0xb7c560 node::Abort() [node]\n";
  const HEAP = figures("nodejs", {
    allocatedBytes: 84.5 * MIB,
    reservedBytes: 97.5 * MIB,
    reservedKind: "v8_committed",
  });

  test.each([
    ["whole", heading + collections.join("\n") + stack + fatal],
    ["without a heading", collections.join("\n") + stack + fatal],
    ["without the words", heading + collections.join("\n") + stack],
    ["without a stack", `${heading}${collections.join("\n")}\n\n${fatal}`],
    [
      "with a stack in between",
      `${heading}${collections.join("\n")}${stack}==== JS stack trace ====\n\n    1: f [a.js:1] [pc=0x1]\n    2: /* anonymous */ [b.js:~2]\n\n${fatal}`,
    ],
  ])("a report %s has the figures of the last collection", async (_, text) => {
    const record = await recordOf(text);
    expect(figuresOf(record)).toEqual(HEAP);
    expect(record.details).toMatchObject({ pid: 77, gcLines: 2 });
  });

  test("the number after the size is milliseconds", async () => {
    const text = `${heading}[9178:0x7394fe0] 18895009 ms: Mark-sweep 3461.9 (4133.4) -> 3000.0 (4000.0) MB, 3450.6 / 0.0 ms\n\n${fatal}`;
    expect(await recordOf(text)).toMatchObject({ allocatedBytes: 3000 * MIB, reservedBytes: 4000 * MIB });
  });

  test("V8 before 5.5 prints no process", async () => {
    const text = `${heading}   11629 ms: Mark-sweep 1385.4 (1456.5) -> 1385.0 (1456.5) MB, 1187.6 / 0 ms [allocation failure] [GC in old space requested].\n${stack}FATAL ERROR: CALL_AND_RETRY_LAST Allocation failed - process out of memory\n`;
    const record = await recordOf(text);
    expect(record).toMatchObject({ allocatedBytes: 1385 * MIB, reservedBytes: 1456.5 * MIB });
    expect(record.details).toEqual({ gcLines: 1, reason: "CALL_AND_RETRY_LAST" });
  });

  test.each([
    [
      "FATAL ERROR: Committing semi space failed. Allocation failed - JavaScript heap out of memory",
      "Committing semi space failed.",
    ],
    ["#\n# Fatal process out of memory: Zone\n#", "Zone"],
  ])("the words alone are a report: %j", async (text, reason) => {
    expect((await recordOf(text)).details.reason).toBe(reason);
  });

  test("two processes that fail one after the other are two reports", async () => {
    const one = heading + collections.join("\n") + stack;
    const records = await recordsOf(`${one}${one.replaceAll("77:", "78:")}${fatal}`);
    expect(records.map(({ details }) => details.pid)).toEqual([77, 78]);
  });

  test("collections of --trace-gc are no report", async () => {
    expect(await recordsOf(`${collections.join("\n")}\nlistening on port 80\n`)).toEqual([]);
  });
});

describe("the kernel's killer", () => {
  test("the parts of the resident set are added up", async () => {
    const record = await recordOf(
      "May 15 23:09:30 host kernel: [  518.050606] Out of memory: Killed process 15784 (python3) total-vm:11964kB, anon-rss:4000kB, file-rss:300kB, shmem-rss:20kB, UID:0 pgtables:60kB oom_score_adj:0",
    );
    expect(figuresOf(record)).toEqual(
      figures("linux-kernel", { processInUseBytes: 4320 * 1024, processScope: "killed_rss_sum" }),
    );
    expect(record.details).toEqual({ pid: 15_784, processName: "python3", totalVmBytes: 11_964 * 1024 });
  });

  test("the choice and the kill of older kernels are one report", async () => {
    const record = await recordOf(
      "May  9 23:40:38 host kernel: Out of memory: Kill process 29591 (my prog (2)) score 658 or sacrifice child\nMay  9 23:40:38 host kernel: Killed process 29591, UID 500, (my prog (2)) total-vm:3000kB, anon-rss:1000kB, file-rss:24kB",
    );
    expect(record).toMatchObject({
      line: 1,
      processInUseBytes: MIB,
      details: { processName: "my prog (2)" },
    });
  });

  test("an episode of pages is one report, with the group's limit", async () => {
    const task = Array.from(
      { length: 3000 },
      (_, index) =>
        `[   13.9] [ ${index} ]     0  ${index}   254   1    32768        0          -998 pause\n`,
    ).join("");
    const record = await recordOf(
      `[   13.1] mem invoked oom-killer: gfp_mask=0x14200ca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0\n[   13.2] memory: usage 1048576kB, limit 1048576kB, failcnt 141\n[   13.2] swap: usage 0kB, limit 9007199254740988kB, failcnt 0\n${task}[   13.3] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=mem,pid=93,uid=0\n[   13.4] Memory cgroup out of memory: Killed process 93 (mem) total-vm:3149468kB, anon-rss:1048000kB, file-rss:576kB, shmem-rss:0kB\n[   13.5] oom_reaper: reaped process 93 (mem), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n`,
    );
    expect(record).toMatchObject({
      line: 1,
      processInUseBytes: 1024 * MIB,
      details: { pid: 93, limitBytes: 1024 * MIB, reason: "CONSTRAINT_MEMCG" },
    });
  });

  test("a killer that killed nobody in the log is a report without figures", async () => {
    const text =
      "[ 1.0] java invoked oom-killer: gfp_mask=0xd0, order=0, oom_score_adj=0\n[ 1.1] CPU: 2 PID: 3\n";
    expect(figuresOf(await recordOf(text))).toEqual(figures("linux-kernel", {}));
  });
});

describe("the JVM", () => {
  test.each([
    [
      'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat a.B.c(B.java:1)',
      "Java heap space",
    ],
    ["java.lang.OutOfMemoryError: GC overhead limit exceeded", "GC overhead limit exceeded"],
    ["Caused by: java.lang.OutOfMemoryError: Metaspace\n", "Metaspace"],
    [
      "java.lang.OutOfMemoryError: unable to create new native thread\n",
      "unable to create new native thread",
    ],
    [
      String.raw`{"msg":"java.lang.OutOfMemoryError: Java heap space\n\tat a.B.c(B.java:1)"}`,
      "Java heap space",
    ],
  ])("%j", async (text, reason) => {
    const record = await recordOf(text);
    expect(figuresOf(record)).toEqual(figures("jvm", {}));
    expect(record.details).toEqual({ reason });
  });

  test("direct memory states its figures", async () => {
    const record = await recordOf(
      "java.lang.OutOfMemoryError: Cannot reserve 4096 bytes of direct buffer memory (allocated: 1000, limit: 2000)",
    );
    expect(figuresOf(record)).toEqual(figures("jvm", { requestedBytes: 4096, allocatedBytes: 1000 }));
  });

  test("a refused commit and the file that repeats it are one report", async () => {
    const record = await recordOf(
      "OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x000000072394d000, 159375360, 0) failed; error='Not enough space' (errno=12)\n#\n# There is insufficient memory for the Java Runtime Environment to continue.\n# Native memory allocation (mmap) failed to map 159375360 bytes for committing reserved memory.\n",
    );
    expect(figuresOf(record)).toEqual(figures("jvm", { requestedBytes: 159_375_360 }));
  });

  test.each([
    "java -XX:+HeapDumpOnOutOfMemoryError -XX:+ExitOnOutOfMemoryError -jar app.jar",
    "To avoid java.lang.OutOfMemoryError: Java heap space, raise -Xmx.",
    "} catch (OutOfMemoryError e) {",
    "[GC (Allocation Failure)  33280K->5118K(125952K), 0.0071 secs]",
  ])("%j is no report", async (text) => {
    expect(await recordsOf(text)).toEqual([]);
  });
});
