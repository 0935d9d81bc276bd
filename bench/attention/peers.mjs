/**
 * The peers of the attention kernels, and the peak that bounds all of them; as a program one line of JSON each:
 * node bench/attention/peers.mjs [--tokens N] [--threads T] [--runs R]
 */
import { fileURLToPath } from "node:url";
import { lastJsonLine, runProgram } from "../harness.mjs";
import { buildPeers } from "./build-peers.mjs";
import { peerOptions } from "./options.mjs";

const ONNXRUNTIME = fileURLToPath(new URL("onnxruntime.mjs", import.meta.url));

/** How a program that buildPeers made is run. */
const VARIANTS = {
  "fma-peak": [
    { peer: "fma-peak", args: [] },
    { peer: "fma-peak avx2", args: ["--isa", "avx2"] },
  ],
  OpenBLAS: gemmVariants("OpenBLAS"),
  oneDNN: gemmVariants("oneDNN"),
};

function gemmVariants(name) {
  return [
    { peer: `${name}, whole heads`, args: [] },
    { peer: `${name}, fastest block of queries`, args: ["--query-rows", "tuned"] },
  ];
}

/** Of each peer {peer, medianMs, gflops, ...} or {peer, skipped: reason}. Throws where one answers wrongly. */
export async function runPeers(options) {
  const results = [];
  for (const { peer, skipped, run } of await preparePeers()) {
    results.push(skipped === undefined ? await run(options) : { peer, skipped });
  }
  return results;
}

/** Installs and builds; of each peer {peer, run} or {peer, skipped: reason}. */
export async function preparePeers() {
  const prepared = [];
  for (const { name, program, skipped } of await buildPeers()) {
    for (const { peer, args } of VARIANTS[name]) {
      const run = (options) => runPeer(peer, program, args, options);
      prepared.push(skipped === undefined ? { peer, run } : { peer, skipped });
    }
  }
  const peer = "onnxruntime-node";
  prepared.push({ peer, run: (options) => runPeer(peer, process.execPath, [ONNXRUNTIME], options) });
  return prepared;
}

async function runPeer(peer, file, args, { tokens, threads, runs }) {
  const numbers = ["--tokens", tokens, "--threads", threads, "--runs", runs].map(String);
  const { stdout } = await runProgram(file, [...args, ...numbers]);
  return { ...lastJsonLine(stdout), peer };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const options = peerOptions(process.argv.slice(2));
    for (const result of await runPeers(options)) console.log(JSON.stringify(result));
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  }
}
