import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "./find-program.mjs";
import { inRoot } from "./paths.mjs";
import { Stop } from "./stop.mjs";

/** A command line as `npm run` would see it: programs of node_modules/.bin first, and `node` is the running one. */
export function resolveCommand([name, ...args]) {
  if (name === "node") return { file: process.execPath, args };
  const local = inRoot(`node_modules/.bin/${name}`);
  if (!existsSync(local)) return { file: name, args };
  const script = realpathSync(local);
  // Its first line would start whichever node is first on the PATH.
  return /\.[cm]?js$/.test(script)
    ? { file: process.execPath, args: [script, ...args] }
    : { file: local, args };
}

/** The npm that started us, else the one that belongs to the running Node, else the one on the PATH. */
export function npmCommand() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const scripts = [
    process.env.npm_execpath,
    join(prefix, "lib/node_modules/npm/bin/npm-cli.js"),
    join(dirname(process.execPath), "node_modules/npm/bin/npm-cli.js"),
  ];
  const script = scripts.find((path) => path?.endsWith("npm-cli.js") && existsSync(path));
  if (script !== undefined) return { file: process.execPath, args: [script] };
  const onPath = findProgram(["npm"]);
  if (onPath !== undefined) return { file: onPath, args: [] };
  throw new Stop("The packages cannot be installed, because npm is not on the PATH; install npm.");
}
