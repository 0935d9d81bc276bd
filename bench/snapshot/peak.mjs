/** Loaded before a program: writes its highest resident size, in bytes, into the file of BENCH_PEAK_FILE at its end. */
import { writeFileSync } from "node:fs";

process.on("exit", () => {
  // The kernel counts in KiB.
  writeFileSync(process.env.BENCH_PEAK_FILE, String(process.resourceUsage().maxRSS * 1024));
});
