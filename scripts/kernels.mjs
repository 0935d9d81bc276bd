/**
 * Compiles the CUDA kernels into build/kernels/attention.fatbin; with --check runs them on the emulated machine
 * against double precision, for which no CUDA is needed. Exit 3: this machine cannot do it.
 */
import { availableParallelism } from "node:os";
import { findProgram } from "./setup/find-program.mjs";
import { inRoot } from "./setup/paths.mjs";
import { runChild } from "./setup/run-child.mjs";
import { Stop } from "./setup/stop.mjs";

const FOLDER = inRoot("build/kernels");

async function cmake(...args) {
  const program = findProgram(["cmake"]);
  if (program === undefined)
    throw new Stop("The kernels need cmake, which is not on the PATH; install cmake.");
  let output = "";
  const { code } = await runChild(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    onOutput: (text) => (output += text),
  });
  if (code !== 0)
    throw new Stop(`${output}cmake ended with ${code}; the lines above say why.`, { exitCode: 1 });
  return output;
}

async function build(target) {
  await cmake("-S", inRoot("."), "-B", FOLDER);
  return cmake("--build", FOLDER, "--target", target, "--parallel", String(availableParallelism()));
}

async function compile() {
  if (findProgram(["nvcc", "/usr/local/cuda/bin/nvcc"]) === undefined) {
    throw new Stop(
      "The CUDA kernels need nvcc, which is not on the PATH; install the CUDA toolkit (12.8 or later).",
    );
  }
  const report = await build("kernels");
  const spills = report.split("\n").filter((line) => /[1-9]\d* bytes spill/.test(line));
  console.log(`build/kernels/attention.fatbin: ${spills.length} kernel images with register spills`);
  return 0;
}

async function check() {
  await build("emulated_kernels");
  const { code } = await runChild(`${FOLDER}/emulated_kernels`, [], { stdio: "inherit" });
  return code ?? 1;
}

try {
  process.exitCode = await (process.argv.includes("--check") ? check() : compile());
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
