import { spawn } from "node:child_process";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inFolder, MAIN } from "./cli.js";

const HEADER =
  "step,action,reason,sim_max,surprise,surp_norm,entropy,topk,used_key_id,shadow_size,mem_size\n";
/** Of one run: a warm-up, a commit, and merges. */
const MERGES = 20_000;

function run(): Buffer {
  const rows = ["56,defer,warmup,,,,,6,,0,0", "210,commit,add,-1.0,,,1.0,6,,0,1"];
  for (let n = 0; n < MERGES; n += 1)
    rows.push(
      `${211 + n},merge,near_merge_k3,0.34050730${n % 1000},0.2247447967529297,0.8840533456807129,1.0,1.0,6,0,0,1,7.225000262260437e-05,0.3690975184665064,0.3405`,
    );
  return Buffer.from(`${rows.join("\n")}\n`);
}

/** Runs the command and answers its report with the largest resident set that the kernel saw, in bytes. */
async function peakOf(log: string, out: string): Promise<{ report: Report; peakBytes: number }> {
  // The child reads its own high-water mark as its last act.
  const preload = `${out}.cjs`;
  writeFileSync(
    preload,
    `const { readFileSync, writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(${JSON.stringify(out)}, readFileSync("/proc/self/status")));`,
  );
  const child = spawn(process.execPath, ["--require", preload, MAIN, "writes", log, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`writes ended with ${code}`);
  const peakKiB = /VmHWM:\s+(\d+) kB/.exec(readFileSync(out, "utf8"))?.[1];
  return { report: JSON.parse(text) as Report, peakBytes: Number(peakKiB) * 1024 };
}

interface Report {
  events: number;
  runs: unknown[];
  omittedRuns: number;
  memSize: { last: number };
}

test("a log of a gigabyte is read in under 300 MB", async (context) => {
  if (process.platform !== "linux") context.skip("no /proc to read the high-water mark from");
  await inFolder(async (folder) => {
    const path = join(folder, "log.csv");
    const one = run();
    const runs = Math.ceil(1e9 / one.length);
    const file = createWriteStream(path);
    file.write(HEADER);
    for (let n = 0; n < runs; n += 1) if (!file.write(one)) await once(file, "drain");
    file.end();
    await once(file, "finish");
    const { report, peakBytes } = await peakOf(path, join(folder, "status"));
    expect(report.events).toBe(runs * (MERGES + 2));
    expect(report.runs.length + report.omittedRuns).toBe(runs);
    expect(report.memSize.last).toBe(1);
    expect(peakBytes).toBeGreaterThan(20e6);
    expect(peakBytes).toBeLessThan(300e6);
  });
});
