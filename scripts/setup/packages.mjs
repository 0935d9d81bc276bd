import { existsSync } from "node:fs";
import { fingerprint, readText, removeStamp, writeStamp } from "./fingerprint.mjs";
import { npmCommand } from "./command.mjs";
import { runStep } from "./step.mjs";
import { Stop } from "./stop.mjs";
import { inRoot } from "./paths.mjs";

const LOCKFILE = "package-lock.json";
/** npm's own record of what it installed; every npm command that changes node_modules rewrites it. */
const INSTALLED = "node_modules/.package-lock.json";
const STAMP = "node_modules/.bytesper-setup";
const LOG = "build/setup-npm.log";

/** npm's own pauses add up to 70 s before it says that there is no network. */
const RETRIES = ["--fetch-retries=3", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];

const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/;

/**
 * Whether packages that package-lock.json names are missing from node_modules. A published package has no
 * lockfile and needs nothing here. An install made by hand counts when it holds the right versions.
 */
export function packagesNeed({ development }) {
  if (!existsSync(inRoot(LOCKFILE))) return false;
  const current = fingerprint([LOCKFILE, INSTALLED], [process.platform, process.arch]);
  if (readText(STAMP) === current) return false;
  if (!existsSync(inRoot("node_modules"))) return true;
  const complete = missingPackages({ development: true }).length === 0;
  if (complete) writeStamp(STAMP, current);
  return development ? !complete : missingPackages({ development: false }).length > 0;
}

function missingPackages({ development }) {
  const { packages } = JSON.parse(readText(LOCKFILE));
  const record = readText(INSTALLED);
  if (record === undefined) return missingDirectly(packages, development);
  const installed = JSON.parse(record).packages;
  return Object.entries(packages)
    .filter(([path, entry]) => path !== "" && wanted(entry, development))
    .filter(([path, entry]) => installed[path]?.version !== entry.version)
    .map(([path]) => path);
}

/**
 * Other package managers have no such record and other layouts, but direct dependencies are always in node_modules.
 */
function missingDirectly(packages, development) {
  const root = packages[""];
  const names = Object.keys({ ...root.dependencies, ...(development ? root.devDependencies : {}) });
  return names.filter((name) => {
    const text = readText(`node_modules/${name}/package.json`);
    return text === undefined || JSON.parse(text).version !== packages[`node_modules/${name}`]?.version;
  });
}

/**
 * Some optional packages are for one system only. The one for this system is needed, unless it is for another libc.
 */
function wanted(entry, development) {
  if (entry.link === true) return false;
  if ((entry.dev === true || entry.devOptional === true) && !development) return false;
  if (entry.optional !== true && entry.devOptional !== true) return true;
  const fits = (list, value) => list !== undefined && list.includes(value);
  return fits(entry.os, process.platform) && fits(entry.cpu, process.arch) && entry.libc === undefined;
}

export async function installPackages({ say }) {
  say("installing the packages of package-lock.json");
  removeStamp(STAMP);
  const { file, args } = npmCommand();
  // The build needs development packages, whatever NODE_ENV or the user's npm settings say.
  const flags = [
    "--ignore-scripts",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    ...RETRIES,
  ];
  const { code, output } = await runStep(file, [...args, "ci", ...flags], { log: LOG });
  if (code !== 0) {
    throw new Stop(`npm ci failed (${installCause(output)}); npm's output is in ${LOG}.`);
  }
  writeStamp(STAMP, fingerprint([LOCKFILE, INSTALLED], [process.platform, process.arch]));
}

function installCause(output) {
  const network = UNREACHABLE.exec(output);
  if (network !== null) {
    return `${network[1]}: the package registry cannot be reached; connect to a network and run again`;
  }
  const first = output
    .split("\n")
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, ""))
    .find((line) => line.trim() !== "" && !/^(npm warn|code )/.test(line));
  return first ?? "it gave no reason";
}
