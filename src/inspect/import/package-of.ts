import { fileURLToPath } from "node:url";

/** The package that a script belongs to, by its path; undefined for Node's own code and for no path. */
export function packageOfUrl(url: string): string | undefined {
  const path = url.startsWith("file:") ? decodeURIComponent(new URL(url).pathname) : url;
  if (!/^(\/|[A-Za-z]:[\\/])/.test(path)) return undefined;
  // Of nested packages, the innermost one.
  const [, name] = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/s.exec(path) ?? [];
  if (name !== undefined) return name.replace("\\", "/");
  return path.startsWith(OWN) || path.includes("[eval") ? undefined : YOURS;
}

/** Files that are in no package of node_modules. */
const YOURS = "(your files)";
/** The modules that measure. */
const OWN = fileURLToPath(new URL("../../", import.meta.url));
