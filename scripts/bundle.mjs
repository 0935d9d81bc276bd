/**
 * Writes build/bytesper-<version>-<system>.tar.gz: Node, the addon, the CUDA kernels, the compiled program, the
 * experiments and the packages that they need at run time. It runs as ./bytesper on machines without a network,
 * a compiler or Node.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { copyPackage } from "./bundle/copy.mjs";
import { packagesToBundle } from "./bundle/packages.mjs";
import { findProgram } from "./setup/find-program.mjs";
import { inRoot } from "./setup/paths.mjs";
import { runChild } from "./setup/run-child.mjs";
import { Stop } from "./setup/stop.mjs";

const MOST_BYTES = 60 * 2 ** 20;
const MANIFEST = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
const FILES = [
  "dist",
  "experiments",
  "docs",
  "LICENSE",
  "README.md",
  "build/Release/bytesper.node",
  "build/Release/cell-supervisor",
];
const KERNELS = "build/kernels/attention.fatbin";

const LAUNCHER = `#!/bin/sh
# Runs bytesper with the Node that lies beside it.
self=$0
while [ -h "$self" ]; do
  target=$(readlink "$self")
  case $target in /*) self=$target ;; *) self=$(dirname "$self")/$target ;; esac
done
here=$(cd "$(dirname "$self")" && pwd) || exit 3
exec "$here/bin/node" "$here/dist/cli/main.js" "$@"
`;

async function run(file, args) {
  let output = "";
  const { code } = await runChild(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    onOutput: (text) => (output += text),
  });
  if (code !== 0)
    throw new Stop(`${output}${file} ended with ${code}; the lines above say why.`, { exitCode: 1 });
}

/** The kernels are compiled where nvcc is; else those that are there are taken. */
async function kernels() {
  if (findProgram(["nvcc", "/usr/local/cuda/bin/nvcc"]) !== undefined)
    await run(process.execPath, [inRoot("scripts/kernels.mjs")]);
  if (existsSync(inRoot(KERNELS))) return true;
  console.error("The bundle has no CUDA kernels: they need nvcc, which is not on the PATH.");
  return false;
}

/** Without source maps: the sources that they lead to are not in the bundle. */
function copy(path, to) {
  const filter = (file) => extname(file) !== ".map";
  cpSync(inRoot(path), join(to, path), { recursive: true, dereference: true, filter });
}

function bytesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((bytes, entry) => bytes + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

async function main(folder) {
  if (process.platform !== "linux") throw new Stop("A bundle can be made on Linux only.");
  const tar = findProgram(["tar"]);
  if (tar === undefined) throw new Stop("A bundle needs tar, which is not on the PATH; install tar.");
  const name = `bytesper-${MANIFEST.version}-${process.platform}-${process.arch}`;
  const root = join(folder, name);
  mkdirSync(join(root, "bin"), { recursive: true });
  const withKernels = await kernels();
  for (const path of [...FILES, ...(withKernels ? [KERNELS] : [])]) copy(path, root);
  for (const folder of packagesToBundle()) copyPackage(folder, root);
  cpSync(process.execPath, join(root, "bin/node"), { dereference: true });
  // Without scripts and development tools: nothing is to be set up there.
  const { name: own, version, license, type, engines, main: entry, types, exports } = MANIFEST;
  const manifest = { name: own, version, license, type, engines, main: entry, types, exports };
  writeFileSync(join(root, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(root, "bytesper"), LAUNCHER);
  chmodSync(join(root, "bytesper"), 0o755);
  const archive = inRoot(`build/${name}.tar.gz`);
  await run(tar, ["-C", folder, "--owner=0", "--group=0", "--sort=name", "-czf", archive, name]);
  const { size } = statSync(archive);
  if (size > MOST_BYTES) {
    throw new Stop(`${archive} has ${size} bytes, more than the ${MOST_BYTES} that a bundle may have.`, {
      exitCode: 1,
    });
  }
  const parts = ["bin", "node_modules", "dist", "build"].map(
    (part) => `${part} ${mebibytes(bytesIn(join(root, part)))}`,
  );
  console.log(
    `build/${name}.tar.gz: ${mebibytes(size)}; unpack it and run ./${name}/bytesper profile\nUnpacked: ${mebibytes(bytesIn(root))} (${parts.join(", ")})`,
  );
}

const folder = mkdtempSync(join(tmpdir(), "bytesper-bundle-"));
try {
  await main(folder);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
