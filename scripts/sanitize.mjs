/**
 * Builds the addon and the supervisor with AddressSanitizer and UndefinedBehaviorSanitizer in a temporary folder, and
 * there
 *  1. lets two known faults show that the sanitizers see into the addon,
 *  2. runs the tests of both,
 *  3. looks for leaks.
 * Exit 0: clean. 1: not clean. 3: this machine cannot do it. The folder build/ is not touched.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cmakeBuild, nodeHeaders } from "./kernels/cmake.mjs";
import { resolveCommand } from "./setup/command.mjs";
import { findProgram } from "./setup/find-program.mjs";
import { inRoot } from "./setup/paths.mjs";
import { Stop } from "./setup/stop.mjs";

const COPIED = [
  "binding.gyp",
  "CMakeLists.txt",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
  "native",
  "scripts/setup.mjs",
  "src",
];
const TESTS = ["test/addon", "test/native", "test/closing-line.ts"];
const LEAK_ROUNDS = 500;

/**
 * Calls every export, also with wrong arguments. The second argument says how often; the first is the addon's file.
 */
const EXERCISE = `
  const addon = require(process.argv[1]);
  const rounds = Number(process.argv[2]);
  const shape = { batch: 1, heads: 2, kvHeads: 1, tokens: 33, headDim: 16, causal: true, scale: 1, seed: 1,
    scoreDtype: "fp32", threads: 2, instructionSet: "", output: true, allocateOnly: false };
  const useCaches = async (pool) => {
    const options = { layers: 1, heads: 3, kvHeads: 1, headDim: 64, paged: true, pageTokens: 16, pagesInSlab: 2,
      scale: 1, dtype: "bf16", cache: "fp8", reference: false, threads: 2, instructionSet: "", seed: 1, output: true };
    const slabs = await pool.allocate([2 * 2 * 16 * 64]);
    const scales = await pool.allocate([8]);
    await addon.fillBlock(pool, slabs[0], "fp8", 1, 2);
    await addon.writeBlock(pool, scales[0], 0, new Uint8Array(8));
    await addon.readBlock(pool, slabs[0], 2, "");
    const memory = { lengths: Int32Array.of(20), table: Int32Array.of(1, 0), slabs, scales, queries: null };
    for (const reference of [false, true]) await addon.decode(pool, { ...options, reference }, memory);
    try { addon.decode(pool, options, { ...memory, table: Int32Array.of(2, 0) }); } catch {}
    try { addon.writeBlock(pool, slabs[0], 4095, new Uint8Array(3)); } catch {}
    const running = addon.decode(pool, options, memory);
    await pool.release([...slabs, ...scales]);
    await running;
  };
  const usePools = async () => {
    const pool = addon.createPool(1e6, 2);
    await pool.release(await pool.allocate([1000, 500000]));
    await pool.allocate([5, 1e7]);
    await pool.allocate([5]);
    for (const kernel of ["naive", "eager", "flash", "reference"]) {
      for (const dtype of ["fp32", "fp16", "bf16"])
        await addon.attention(pool, { ...shape, kernel, dtype }, null, null, null);
      await addon.attention(pool, { ...shape, kernel, dtype: "fp32", tokens: 5000 }, null, null, null);
    }
    try { addon.attention(pool, { ...shape, kernel: "flash", dtype: "fp32" }, new Float32Array(3)); } catch {}
    try { addon.attention({}, shape); } catch {}
    await useCaches(pool);
    try { addon.createPool(NaN, {}); } catch {}
    // About half of the pools are left to the garbage collector.
    if (Math.random() < 0.5) await pool.close();
  };
  (async () => {
    for (let round = 0; round < rounds; ++round) {
      for (const name of Object.keys(addon)) 
        if (!["createPool", "attention", "cudaKernels", "decode", "fillBlock", "writeBlock", "readBlock"].includes(name))
          addon[name](1000);
      try { addon.mallocSelfTest(NaN); } catch {}
      if (round % 10 === 0) await usePools();
    }
    process.stdout.write("done");
  })();`;

function prepare(folder) {
  for (const path of COPIED) cpSync(inRoot(path), join(folder, path), { recursive: true });
  mkdirSync(join(folder, "test"));
  for (const path of TESTS) cpSync(inRoot(path), join(folder, path), { recursive: true });
  mkdirSync(join(folder, "reports"));
  symlinkSync(inRoot("node_modules"), join(folder, "node_modules"));
}

async function build(folder) {
  const options = {
    directory: folder,
    out: join(folder, "build"),
    settings: { ...nodeHeaders(), BYTESPER_SANITIZE: "ON" },
  };
  for (const target of ["addon", "supervisor"]) await cmakeBuild({ ...options, target });
  if (!readFileSync(join(folder, "build/Release/cell-supervisor")).includes("__asan_init"))
    throw new Stop("The supervisor was built without the sanitizers; CMakeLists.txt decides that.");
  return join(folder, "build/Release/bytesper.node");
}

/** The library has to be in the process before any other, because Node itself is built without it. */
function sanitizerLibrary(compiler) {
  const { stdout } = spawnSync(compiler, ["-print-file-name=libasan.so"], { encoding: "utf8" });
  const path = stdout.trim();
  // A compiler answers with the bare name where it has no such file.
  if (!path.includes("/")) throw new Stop("There is no libasan.so beside the compiler; install it with gcc.");
  return path;
}

/**
 * Runs Node with the sanitizers and returns its exit code and what they reported. Reports go to files, because a
 * test that captures the output of a child would otherwise hide them.
 */
function runNode(folder, library, args, { leaks = false, libraries = [], output = "pipe" } = {}) {
  const reports = mkdtempSync(join(folder, "reports/"));
  // Node's own handler of bad accesses would hide them from the sanitizer.
  const common = `log_path=${join(reports, "report")}:handle_segv=2:handle_sigbus=2`;
  const env = {
    ...process.env,
    LD_PRELOAD: library,
    LD_LIBRARY_PATH: libraries.join(":"),
    // The format names the module of each frame, which the usual one leaves out where it knows the line.
    ASAN_OPTIONS: `${common}:detect_leaks=${leaks ? 1 : 0}:stack_trace_format="  #%n %p in %f %S (%m)"`,
    UBSAN_OPTIONS: `${common}:print_stacktrace=1`,
  };
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: folder,
    env,
    stdio: ["ignore", output, output],
    encoding: "utf8",
  });
  const texts = readdirSync(reports).map((name) => readFileSync(join(reports, name), "utf8"));
  return { status, done: stdout === "done", report: texts.join("\n") };
}

function compileDriver(folder, source, soname, defines) {
  const target = mkdtempSync(join(folder, "driver-"));
  const file = join(folder, "test/addon/stand-in", source);
  const args = ["-shared", "-fPIC", "-g", ...defines, "-o", join(target, soname), file];
  const { status, stderr } = spawnSync("cc", args, { encoding: "utf8" });
  if (status !== 0) throw new Stop(`The stand-in driver ${source} could not be compiled: ${stderr}`);
  return target;
}

/**
 * What Node itself leaves at its end is not ours: a block is the addon's where a function of the addon had to do
 * with its allocation.
 */
function ownLeaks(report) {
  const blocks = report.split(/\n\n+/).filter((block) => /^(Direct|Indirect) leak of/m.test(block));
  return blocks.filter((block) => block.includes("bytesper.node"));
}

async function main(folder) {
  if (process.platform !== "linux") throw new Stop("The sanitizers are set up for Linux with gcc only.");
  const compiler = findProgram([process.env.CXX ?? "g++"]);
  if (compiler === undefined) throw new Stop("There is no g++ on the PATH; install it.");
  const library = sanitizerLibrary(compiler);
  prepare(folder);
  console.error("building the addon with the sanitizers");
  const addon = await build(folder);
  const node = (rounds, options) =>
    runNode(folder, library, ["-e", EXERCISE, addon, String(rounds)], options);
  const nvml = (...defines) =>
    compileDriver(folder, "nvml.c", "libnvidia-ml.so.1", ["-DPROCESS_COUNT=40", ...defines]);

  const overrun = node(1, { libraries: [nvml("-DOVERRUN")] });
  if (!overrun.report.includes("stack-buffer-overflow")) {
    throw new Stop(
      "AddressSanitizer did not report a known overrun of a buffer of the addon: it does not work here.",
    );
  }
  // Many rounds, because an address that lingers on the stack keeps its block from being reported.
  const leak = node(LEAK_ROUNDS, { libraries: [nvml("-DLEAK")], leaks: true });
  if (!ownLeaks(leak.report).some((block) => block.includes("nvmlInit_v2"))) {
    throw new Stop("LeakSanitizer did not report a known leak below the addon: it does not work here.");
  }
  console.log("known faults: the sanitizers report them");

  const vitest = resolveCommand(["vitest"]).args;
  const tests = runNode(folder, library, [...vitest, "run", "test/addon"], { output: "inherit" });
  const drivers = [nvml(), compileDriver(folder, "cuda.c", "libcuda.so.1", ["-DCONTEXT=((void*)1)"])];
  const rounds = [[], drivers].map((libraries) => node(LEAK_ROUNDS, { libraries, leaks: true }));
  const leaks = rounds.flatMap(({ report }) => ownLeaks(report));
  const faults = rounds.filter(
    ({ done, report }) => !done || /AddressSanitizer: [a-z-]+ on|runtime error:/.test(report),
  );
  for (const text of [tests.report, ...leaks, ...faults.map(({ report }) => report)])
    if (text !== "") console.log(text);
  const clean = tests.status === 0 && tests.report === "" && faults.length === 0 && leaks.length === 0;
  console.log(`addon tests: ${tests.status === 0 ? "passed" : "failed"}`);
  console.log(
    `reports of the sanitizers: ${tests.report === "" && faults.length === 0 ? "none" : "see above"}`,
  );
  console.log(`leaks of the addon after ${LEAK_ROUNDS} rounds of all calls: ${leaks.length}`);
  console.log(clean ? "clean" : "not clean");
  return clean ? 0 : 1;
}

const folder = mkdtempSync(join(tmpdir(), "bytesper-sanitize-"));
try {
  process.exitCode = await main(folder);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
