/** Copies packages without what only their builders and readers of their sources need. */
import { cpSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { inRoot } from "../setup/paths.mjs";

/** Folders and files of any package, right below it. */
const NEVER_RUN =
  /^(tests?|test\.js|fixtures|specs|docs|examples?|example\.\w+|bench(mark)?s?(\.js)?|\.\w+)$/;
const NO_CODE = new Set([".map", ".md", ".ts", ".cts", ".mts", ".flow"]);
const LICENCE = /^(licen[cs]es?|notice|copying)/i;

/** Further builds, sources and data of single packages. */
const UNUSED = {
  echarts: ["types", "i18n", "theme", "asset", "KEYS"],
  esbuild: ["bin", "install.js"], // the same binary as in @esbuild/
  "gpt-tokenizer": ["src", "cjs", "data"],
  pino: ["browser.js", "favicon.ico"],
  "safe-stable-stringify": ["esm"],
  zod: ["src"],
  zrender: ["dist", "src", "build"],
};

/** All that is kept of a folder; its package.json says what kind of modules these are. */
const USED_WITHIN = { "echarts/dist": ["echarts.min.js", "package.json"] };

/** All that is kept of a package. */
const USED = {
  "dejavu-fonts-ttf": ["package.json", "LICENSE", "ttf", "ttf/DejaVuSans.ttf", "ttf/DejaVuSans-Bold.ttf"],
};

export function copyPackage(folder, to) {
  const from = inRoot(folder);
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  cpSync(from, join(to, folder), {
    recursive: true,
    dereference: true,
    filter: (path) => isUsed(name, relative(from, path)),
  });
}

function isUsed(name, path) {
  if (path === "") return true;
  if (USED[name] !== undefined) return USED[name].includes(path);
  if (LICENCE.test(basename(path))) return true;
  const [top] = path.split("/");
  const used = USED_WITHIN[`${name}/${top}`];
  if (used !== undefined && path !== top) return used.includes(relative(top, path));
  // Packages within this one are copied as packages of their own.
  if (top === "node_modules" || (path === top && NEVER_RUN.test(top))) return false;
  return UNUSED[name]?.includes(path) !== true && isCode(path);
}

/** Neither a source map, nor types, nor a text about the code. */
function isCode(path) {
  return !NO_CODE.has(extname(path)) || LICENCE.test(basename(path));
}
