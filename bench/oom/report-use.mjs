/** Preloaded into a process: writes what it used to descriptor 3 when it ends. */
import { readFileSync, writeSync } from "node:fs";

process.on("exit", () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  // Absent where the kernel has no such file.
  let peakBytes;
  try {
    peakBytes = 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    peakBytes = undefined;
  }
  writeSync(3, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, peakBytes }));
});
