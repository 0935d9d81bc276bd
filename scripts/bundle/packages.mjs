/** The packages that the program needs where it runs: by package-lock.json, with binaries for this system only. */
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "../setup/paths.mjs";
import { Stop } from "../setup/stop.mjs";

/** Dependencies that a bundle goes without, and why. */
const LEFT_OUT = {
  "node-addon-api": "builds the addon",
  "node-gyp-build": "finds a prebuilt addon; the bundle's lies where one that is built here would",
  vitest: "a bundle runs no tests",
  "@napi-rs/canvas": "35 MB of binary for figures as PNG; they are written as SVG without it",
};

/** Folders of those packages with all that they depend on, as the lock names them. */
export function packagesToBundle() {
  const { packages } = JSON.parse(readFileSync(inRoot("package-lock.json"), "utf8"));
  const found = new Set();
  const visit = (from) => {
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[from];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      if (Object.hasOwn(LEFT_OUT, name)) continue;
      const folder = folderOf(packages, from, name);
      if (folder === undefined || found.has(folder) || !runsHere(folder, packages[folder])) continue;
      if (!existsSync(inRoot(`${folder}/package.json`))) {
        if (packages[folder].optional === true) continue;
        throw new Stop(`${folder} is missing; run npm ci and bundle again.`);
      }
      found.add(folder);
      visit(folder);
    }
  };
  visit("");
  return [...found].sort();
}

/** Where Node finds a package that the one in `from` asks for: within it, or in a folder around it. */
function folderOf(packages, from, name) {
  for (let around = from; ; around = around.slice(0, Math.max(0, around.lastIndexOf("/node_modules/")))) {
    const folder = around === "" ? `node_modules/${name}` : `${around}/node_modules/${name}`;
    if (packages[folder] !== undefined) return folder;
    if (around === "") return undefined;
  }
}

/** By what the lock says of the package, and by its name where it says nothing of the C library. */
function runsHere(folder, { os, cpu, libc }) {
  const listed = (list, own) => list === undefined || list.includes(own);
  if (!listed(os, process.platform) || !listed(cpu, process.arch)) return false;
  const own = process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "glibc";
  if (libc !== undefined || os === undefined) return listed(libc, own);
  return /musl/.test(folder) === (own === "musl") || !/musl|gnu/.test(folder);
}
