/**
 * Compiles the CUDA kernels into build/kernels/attention.fatbin and reads the compiler's report and, where there is
 * cuobjdump, the machine code; with --check runs the kernels on the emulated machine against double precision, for
 * which no CUDA is needed. Exit 1: the sm90 kernels are not what they should be. Exit 3: this machine cannot do it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cmakeBuild } from "./kernels/cmake.mjs";
import { machineCodeFaults } from "./kernels/machine-code.mjs";
import { reportOfCompiler, sm90Faults } from "./kernels/resources.mjs";
import { findProgram } from "./setup/find-program.mjs";
import { inRoot } from "./setup/paths.mjs";
import { runChild } from "./setup/run-child.mjs";
import { Stop } from "./setup/stop.mjs";

const FOLDER = inRoot("build/kernels");
const REPORT = `${FOLDER}/compiler-report.txt`;

function build(target) {
  return cmakeBuild({ directory: inRoot("."), out: FOLDER, target });
}

async function compile() {
  if (findProgram(["nvcc", "/usr/local/cuda/bin/nvcc"]) === undefined) {
    throw new Stop(
      "The CUDA kernels need nvcc, which is not on the PATH; install the CUDA toolkit (12.8 or later).",
    );
  }
  // The report stays beside the fat binary: a build that finds nothing to do prints none.
  const printed = await build("kernels");
  if (printed.includes("ptxas info")) writeFileSync(REPORT, printed);
  const report = existsSync(REPORT) ? readFileSync(REPORT, "utf8") : "";
  const images = reportOfCompiler(report);
  if (images.length === 0) {
    throw new Stop(
      `There is no compiler's report of build/kernels/attention.fatbin; remove it and build again.`,
      {
        exitCode: 1,
      },
    );
  }
  const spilling = images.filter(({ spillBytes }) => spillBytes > 0);
  console.log(`build/kernels/attention.fatbin: ${spilling.length} kernel images with register spills`);
  const code = await machineCodeFaults(`${FOLDER}/attention.fatbin`);
  console.log(`machine code of the sm90 kernels: ${code.skipped ?? code.summary}`);
  const faults = [...sm90Faults(images, report), ...(code.faults ?? [])];
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
