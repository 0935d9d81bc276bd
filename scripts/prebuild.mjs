/**
 * Builds prebuilds/<system>-<processor>/ for the published package: the addon, for every version of Node, and
 * on Linux the supervisor of a cell. Builds in a copy, because prebuildify empties build/. Does nothing where
 * the sources are those of the last prebuild.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { headerFlags } from "./setup/addon.mjs";
import { fingerprint, readText, removeStamp, writeStamp } from "./setup/fingerprint.mjs";
import { inRoot } from "./setup/paths.mjs";

const require = createRequire(import.meta.url);
const FOLDER = `prebuilds/${process.platform}-${process.arch}`;
const STAMP = "build/prebuild";
const COPIED = ["binding.gyp", "package.json", "native"];
const SUPERVISOR = "cell-supervisor";

const sources = fingerprint(COPIED, [process.platform, process.arch]);

function isCurrent() {
  if (readText(STAMP) !== sources) return false;
  try {
    const built = readdirSync(inRoot(FOLDER));
    return built.some((file) => file.endsWith(".node"));
  } catch {
    return false;
  }
}

async function prebuild(folder) {
  for (const path of COPIED) cpSync(inRoot(path), join(folder, path), { recursive: true });
  symlinkSync(inRoot("node_modules"), join(folder, "node_modules"));
  const options = {
    cwd: folder,
    out: inRoot(""),
    napi: true,
    tagLibc: true,
    strip: true,
    // Node-API is the same in every version; this one's headers may be here already.
    targets: [process.versions.node],
    nodeGyp: join(inRoot("node_modules/.bin"), process.platform === "win32" ? "node-gyp.cmd" : "node-gyp"),
  };
  for (const flag of headerFlags()) {
    const [name, value] = flag.replace(/^--/, "").split("=");
    process.env[`npm_config_${name}`] = value;
  }
  await new Promise((resolve, reject) => {
    require("prebuildify")(options, (error) => (error ? reject(error) : resolve()));
  });
  if (process.platform === "linux")
    cpSync(join(folder, "build/Release", SUPERVISOR), inRoot(`${FOLDER}/${SUPERVISOR}`));
}

if (!isCurrent()) {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-prebuild-"));
  try {
    removeStamp(STAMP);
    rmSync(inRoot(FOLDER), { recursive: true, force: true });
    await prebuild(folder);
    writeStamp(STAMP, sources);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`${FOLDER}: ${readdirSync(inRoot(FOLDER)).join(", ")}`);
