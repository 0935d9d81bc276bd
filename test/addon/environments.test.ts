import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ADDON_EXPORTS } from "../../src/system/native/contract.js";
import { ADDON_FILE, NO_MALLOC_COUNTERS, READS } from "./support/addon.js";
import { inChild } from "./support/child.js";
import { temporaryFolder } from "./support/stand-in.js";

test("eight worker threads call every export at once", () => {
  const counts = inChild(
    `const { Worker } = require("node:worker_threads");
     const work = \`const { parentPort, workerData } = require("node:worker_threads");
       const addon = require(workerData);
       let answers = 0;
       for (let round = 0; round < 100; ++round) {
         for (const name of ${JSON.stringify([...READS, "mallocSelfTest"])}) if (addon[name](1000) !== undefined) answers += 1;
       }
       parentPort.postMessage(answers);\`;
     const run = () => new Promise((resolve, reject) => {
       const worker = new Worker(work, { eval: true, workerData: process.argv[1] });
       worker.once("message", resolve).once("error", reject);
     });
     return await Promise.all(Array.from({ length: 8 }, run));`,
  );
  expect(counts).toEqual(new Array(8).fill(100 * (READS.length + 1)));
});

test("workers that are terminated in mid-call do not take the process along", () => {
  const ended = inChild(
    `const { Worker } = require("node:worker_threads");
     const work = \`const addon = require(require("node:worker_threads").workerData);
       require("node:worker_threads").parentPort.postMessage("running");
       for (;;) { addon.processStatus(); addon.cudaDevices(); try { addon.mallocSelfTest(NaN); } catch {} }\`;
     let ended = 0;
     for (let round = 0; round < 60; ++round) {
       const worker = new Worker(work, { eval: true, workerData: process.argv[1] });
       await new Promise((resolve) => worker.once("message", resolve));
       await new Promise((resolve) => setTimeout(resolve, round % 7));
       await worker.terminate();
       ended += 1;
     }
     return ended;`,
  );
  expect(ended).toBe(60);
});

test("two copies of the addon work side by side", () => {
  const copy = join(temporaryFolder(), "copy.node");
  copyFileSync(ADDON_FILE, copy);
  expect(
    inChild(
      `const copy = require(${JSON.stringify(copy)});
       return [copy !== addon, Object.keys(copy).length, typeof copy.pageFaults(), typeof addon.pageFaults()];`,
    ),
  ).toEqual([true, ADDON_EXPORTS.length, "object", "object"]);
});

test("the counter of malloc sees what another thread holds", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const change = inChild(
    `const { Worker } = require("node:worker_threads");
     const work = \`const { parentPort } = require("node:worker_threads");
       let held;
       parentPort.on("message", () => {
         held = Array.from({ length: 1000 }, () => new ArrayBuffer(10_000));
         parentPort.postMessage(held.length);
       });
       parentPort.postMessage("ready");\`;
     const worker = new Worker(work, { eval: true });
     const answer = () => new Promise((resolve) => worker.once("message", resolve));
     await answer();
     const before = addon.mallocInfo().inUseBytes;
     worker.postMessage("hold");
     await answer();
     const change = addon.mallocInfo().inUseBytes - before;
     await worker.terminate();
     return change;`,
  ) as number;
  expect(change).toBeGreaterThanOrEqual(10_000_000);
  expect(change).toBeLessThan(11_000_000);
});

test("the counter of malloc is there while another thread takes and frees", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const absent = inChild(
    `const { Worker } = require("node:worker_threads");
     const work = \`const { parentPort, workerData } = require("node:worker_threads");
       const addon = require(workerData);
       parentPort.postMessage("running");
       for (;;) addon.mallocSelfTest(2 ** 26);\`;
     const worker = new Worker(work, { eval: true, workerData: process.argv[1] });
     await new Promise((resolve) => worker.once("message", resolve));
     let absent = 0;
     for (let round = 0; round < 20_000; ++round) if ("absent" in addon.mallocInfo()) absent += 1;
     await worker.terminate();
     return absent;`,
  );
  expect(absent).toBe(0);
});
