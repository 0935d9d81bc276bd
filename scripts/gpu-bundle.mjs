/**
 * Writes build/gpu-check: a folder that checks the CUDA kernels on a machine with a GPU. It is built there with g++ alone
 * and needs no Node and no network: `sh check.sh`. The kernels are compiled here where nvcc is; --no-kernels leaves them out,
 * for a driver that brings its own.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./setup/find-program.mjs";
import { inRoot } from "./setup/paths.mjs";
import { runChild } from "./setup/run-child.mjs";

const OUT = inRoot("build/gpu-check");
const KERNELS = inRoot("build/kernels/attention.fatbin");
/** The host's side of a device, as the addon has it. */
const SOURCES = ["native/attention", "native/attention/kernels", "native/cuda", "native/pool", "native"];

function copySources() {
  for (const folder of SOURCES) {
    for (const entry of readdirSync(inRoot(folder), { withFileTypes: true })) {
      if (!entry.isFile() || !/\.(h|cc)$/.test(entry.name)) continue;
      cpSync(join(inRoot(folder), entry.name), join(OUT, folder, entry.name));
    }
  }
  for (const name of readdirSync(inRoot("scripts/gpu-check")))
    cpSync(inRoot(`scripts/gpu-check/${name}`), join(OUT, name));
  cpSync(inRoot("bench/attention/torch_sdpa.py"), join(OUT, "torch_sdpa.py"));
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(join(OUT, "fatbin"), { recursive: true });
copySources();
let code = 0;
if (!process.argv.includes("--no-kernels")) {
  if (findProgram(["nvcc", "/usr/local/cuda/bin/nvcc"]) !== undefined)
    ({ code } = await runChild(process.execPath, [inRoot("scripts/kernels.mjs")], { stdio: "inherit" }));
  if (existsSync(KERNELS)) cpSync(KERNELS, join(OUT, "fatbin/base.fatbin"));
  else {
    console.error("The folder has no CUDA kernels: they need nvcc, which is not on the PATH.");
    code = 3;
  }
}
if (code === 0) console.log("build/gpu-check: copy it to a machine with a GPU and run sh check.sh there.");
process.exitCode = code;
