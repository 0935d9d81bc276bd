import { existsSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { findCompiler, findPython } from "./build-tools.mjs";
import { fingerprint, readText, removeStamp, writeStamp } from "./fingerprint.mjs";
import { inRoot } from "./paths.mjs";
import { runStep } from "./step.mjs";
import { Stop } from "./stop.mjs";

const BUILT = ["build/Release/bytesper.node"];
// The supervisor needs Linux.
if (process.platform === "linux") BUILT.push("build/Release/cell-supervisor");
const STAMP = "build/setup-addon";
const LOG = "build/setup-addon.log";

/** Whether the addon or the supervisor is missing or was built from other sources. Without binding.gyp there is none. */
export function addonNeeds() {
  if (!existsSync(inRoot("binding.gyp"))) return false;
  return !isBuilt() || readText(STAMP) !== addonFingerprint();
}

function isBuilt() {
  return BUILT.every((file) => existsSync(inRoot(file)));
}

/** Node-API is the same in every Node, so the version of Node is not part of it. */
function addonFingerprint() {
  return fingerprint(["binding.gyp", "native"], [process.platform, process.arch]);
}

export function forgetAddon() {
  removeStamp(STAMP);
}

export async function buildAddon({ say }) {
  say("building the native addon");
  const sources = addonFingerprint();
  removeStamp(STAMP);
  // make compares file times, which mean nothing after a checkout. Other folders of build/ belong to other steps.
  rmSync(inRoot("build/Release"), { recursive: true, force: true });
  const tool = createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
  const args = [
    tool,
    "configure",
    "build",
    "--release",
    `--jobs=${availableParallelism()}`,
    ...headerFlags(),
  ];
  const { code, output } = await runStep(process.execPath, args, { log: LOG, env: await buildEnvironment() });
  if (code !== 0 || !isBuilt()) {
    throw new Stop(`The native addon could not be built (${buildCause(output)}); the log is ${LOG}.`);
  }
  writeStamp(STAMP, sources);
}

/** With headers that were installed with the running Node nothing is downloaded. */
export function headerFlags() {
  const prefix = prefixWithHeaders();
  return prefix === undefined ? [] : [`--nodedir=${prefix}`];
}

/** The folder in which the running Node was installed with its headers, in include/node. */
export function prefixWithHeaders() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const version = readIfThere(join(prefix, "include/node/node_version.h"));
  const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(version)?.[1];
  const ours = major === process.versions.node.split(".")[0];
  return ours && existsSync(join(prefix, "include/node/node_api.h")) ? prefix : undefined;
}

async function buildEnvironment() {
  const env = { ...process.env };
  if (process.platform === "win32") return env;
  const compiler = findCompiler();
  // make's own default is g++; a system that has only clang++ says so here.
  if (env.CXX === undefined && basename(compiler) !== "g++") env.CXX = compiler;
  env.NODE_GYP_FORCE_PYTHON = await findPython();
  return env;
}

function buildCause(output) {
  const lines = output.split("\n");
  const error =
    lines.find((line) => /\b(fatal )?error: /.test(line)) ??
    lines.find((line) => /^gyp ERR! stack (Error|FetchError)/.test(line));
  return error?.replace(/^gyp ERR! stack /, "").trim() ?? "node-gyp failed without naming a cause";
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
