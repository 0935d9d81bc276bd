/**
 * Compiles the CUDA kernels into build/kernels/attention.fatbin and reads the compiler's reports and the machine code of
 * the sm90 kernels; with --check runs the kernels on the emulated machine against double precision, for
 * which no CUDA is needed. Exit 1: kernels are not what they should be. Exit 3: this machine cannot do it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cmakeBuild } from "./kernels/cmake.mjs";
import { machineCodeFaults } from "./kernels/machine-code.mjs";
import { decodeFaults, reportOfCompiler, sm90Faults, targetFaults } from "./kernels/resources.mjs";
import { findProgram } from "./setup/find-program.mjs";
import { inRoot } from "./setup/paths.mjs";
import { runChild } from "./setup/run-child.mjs";
import { Stop } from "./setup/stop.mjs";

const FOLDER = inRoot("build/kernels");
/** One image a target, and beside each what the compiler said. */
const IMAGES = `${FOLDER}/images`;

function build(target) {
  return cmakeBuild({ directory: inRoot("."), out: FOLDER, target });
}

async function compile() {
  if (findProgram(["nvcc", "/usr/local/cuda/bin/nvcc"]) === undefined) {
    throw new Stop(
      "The CUDA kernels need nvcc, which is not on the PATH; install the CUDA toolkit (12.8 or later).",
    );
  }
  await build("kernels");
  const reports = existsSync(IMAGES) ? readdirSync(IMAGES).filter((name) => name.endsWith(".cubin.txt")) : [];
  const report = reports.map((name) => readFileSync(join(IMAGES, name), "utf8")).join("\n");
  const images = reportOfCompiler(report);
  if (images.length === 0) {
    throw new Stop(
      "There is no compiler's report in build/kernels/images; remove that folder and build again.",
      { exitCode: 1 },
    );
  }
  const spilling = images.filter(({ spillBytes }) => spillBytes > 0);
  const targets = new Set(images.map(({ target }) => target));
  console.log(
    `build/kernels/attention.fatbin: ${images.length} kernel images for ${[...targets].sort().join(", ")}; ${spilling.length} with register spills`,
  );
  const code = machineCodeFaults(join(IMAGES, "sm_90a.cubin"));
  for (const line of code.told) console.log(line);
  const faults = [
    ...targetFaults(images),
    ...sm90Faults(images, report),
    ...decodeFaults(images),
    ...code.faults,
  ];
  for (const fault of faults) console.error(fault);
  return faults.length === 0 ? 0 : 1;
}

async function check() {
  let worst = 0;
  for (const program of ["emulated_kernels", "emulated_sm90_kernels", "emulated_decode_kernels"]) {
    await build(program);
    const { code } = await runChild(`${FOLDER}/${program}`, [], { stdio: "inherit" });
    worst = Math.max(worst, code ?? 1);
  }
  return worst;
}

try {
  process.exitCode = await (process.argv.includes("--check") ? check() : compile());
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
