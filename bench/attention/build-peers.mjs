/** Builds the peers in C++ into the cache; as a program it says what became of each. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findCompiler } from "../../scripts/setup/build-tools.mjs";
import { CACHE } from "./cache.mjs";
import { runTool } from "./run-tool.mjs";

const NATIVE = fileURLToPath(new URL("native/", import.meta.url));
const COMMON = ["-std=c++20", "-O3"];
const TUNED = [...COMMON, "-march=native"];
const GEMM = [
  { source: "gemm_attention.cc", flags: [...TUNED, "-fopenmp"] },
  { source: "softmax.cc", flags: [...TUNED, "-ffast-math"] },
];

const PEERS = [
  {
    name: "fma-peak",
    // Without -march, as it looks for the instructions when it runs.
    objects: [{ source: "fma_peak.cc", flags: [...COMMON, "-pthread"] }],
    link: ["-pthread"],
  },
  {
    name: "OpenBLAS",
    header: "cblas.h",
    debian: "libopenblas-dev",
    objects: [{ source: "openblas.cc", flags: TUNED }, ...GEMM],
    link: ["-fopenmp", "-lopenblas"],
  },
  {
    name: "oneDNN",
    header: "dnnl.h",
    debian: "libdnnl-dev",
    objects: [{ source: "onednn.cc", flags: TUNED }, ...GEMM],
    link: ["-fopenmp", "-ldnnl"],
  },
];

/** Of each peer {name, program} or {name, skipped}. */
export async function buildPeers() {
  const compiler = findCompiler()?.trim().split(/\s+/);
  const built = [];
  for (const peer of PEERS) {
    const answer = compiler
      ? await build(compiler, peer)
      : { skipped: "there is no C++ compiler on the PATH" };
    built.push({ name: peer.name, ...answer });
  }
  return built;
}

async function build(compiler, peer) {
  const { header, debian } = peer;
  if (header !== undefined) {
    const found = await run(compiler, ["-fsyntax-only", "-x", "c++", "-include", header, "/dev/null"]);
    if (!found.ok) return { skipped: `${header} not found; install ${debian}` };
  }
  const key = await fingerprint(compiler, peer);
  const program = join(CACHE, `${peer.name}-${key}`);
  if (existsSync(program)) return { program };
  const folder = `${program}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    const objects = [];
    for (const { source, flags } of peer.objects) {
      objects.push(join(folder, `${source}.o`));
      const compiled = await run(compiler, [...flags, "-c", NATIVE + source, "-o", objects.at(-1)]);
      if (!compiled.ok) return { skipped: `${source} does not compile: ${compiled.reason}` };
    }
    const linked = await run(compiler, [...objects, "-o", join(folder, peer.name), ...peer.link]);
    if (!linked.ok) return { skipped: `it does not link: ${linked.reason}` };
    renameSync(join(folder, peer.name), program);
    return { program };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of the sources, the flags, and the compiler with the instructions that it takes this machine to have. */
async function fingerprint(compiler, peer) {
  const macros = await run(compiler, ["-march=native", "-dM", "-E", "-x", "c++", "/dev/null"]);
  const hash = createHash("sha256").update(JSON.stringify([compiler, peer, macros.output]));
  for (const file of readdirSync(NATIVE).sort()) hash.update(file).update(readFileSync(NATIVE + file));
  return hash.digest("hex").slice(0, 16);
}

const run = ([file, ...first], args) => runTool(file, [...first, ...args]);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { name, program, skipped } of await buildPeers())
    console.log(skipped === undefined ? `${name}: ${program}` : `${name}: skipped, ${skipped}`);
}
