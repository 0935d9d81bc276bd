import { existsSync, lstatSync, readFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { isInPackage } from "./project.js";

const SPECIFIER = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*["']([^"'\n]+)["']/g;

/**
 * Whether JavaScript may lead to a file that Node cannot load: to TypeScript, or into a package of the same
 * workspace. Reads the imports roughly, because most JavaScript leads nowhere and needs no compiler.
 */
export function mayReachTypeScript(entry: string): boolean {
  const seen = new Set([entry]);
  for (const file of seen) {
    if (isInPackage(file)) continue;
    for (const [, text = ""] of readFileSync(file, "utf8").matchAll(SPECIFIER)) {
      if (text.startsWith("#")) return true;
      if (/^[^./]/.test(text)) {
        if (isLinked(text, dirname(file))) return true;
        continue;
      }
      const target = resolve(dirname(file), text);
      if (/^\.[cm]?js$/.test(extname(target)) && existsSync(target)) seen.add(target);
      else if (!/\.(?:json|node)$/.test(target) && !existsSync(`${target}.js`)) return true;
      else if (existsSync(`${target}.js`)) seen.add(`${target}.js`);
    }
  }
  return false;
}

/** Whether a package is a link, as workspaces make for their own packages. */
function isLinked(specifier: string, folder: string): boolean {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  for (let from = folder; ; from = dirname(from)) {
    const place = join(from, "node_modules", name);
    if (existsSync(place)) return lstatSync(place).isSymbolicLink();
    if (dirname(from) === from) return false;
  }
}
