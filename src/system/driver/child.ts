/**
 * The process that calls the NVIDIA driver. A call into a driver that hangs never returns and can outlast every
 * signal, so no other process of bytesper makes one that it has to wait for. Answers each line on stdin (`nvml` or
 * `cuda`) with one line of JSON, and ends with its parent.
 */
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { cudaDevices } from "../probe/cuda.js";
import { nvmlDevices } from "../probe/nvml.js";

// While a call hangs, this thread does not see that stdin was closed.
new Worker(
  `const { workerData } = require("node:worker_threads");
   setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL"); }, 500);`,
  { eval: true, workerData: Number(process.argv[2]) },
).unref();

for await (const line of createInterface({ input: process.stdin })) {
  const report = line === "cuda" ? cudaDevices() : nvmlDevices();
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
