import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";

// A node whose writes reach the submitting machine late: the task works in a copy of the folder of runs, which is
// brought over afterwards.

/** Makes the copy for a task; returns its script and folder there. */
export function away(script, cwd, shadow) {
  const runs = dirname(dirname(cwd));
  rmSync(shadow, { recursive: true, force: true });
  mkdirSync(dirname(shadow), { recursive: true });
  cpSync(runs, shadow, { recursive: true });
  const there = join(shadow, relative(runs, cwd));
  const manifest = join(there, "manifest.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replaceAll(runs, shadow));
  return { script: script.replaceAll(runs, shadow), cwd: there, runs };
}

/** Brings over what is new or longer, each file as a whole. */
export function bringHome(shadow, runs) {
  for (const name of readdirSync(shadow, { recursive: true })) {
    const from = join(shadow, name);
    const to = join(runs, name);
    if (!statSync(from).isFile() || name.endsWith("manifest.json")) continue;
    if (existsSync(to) && statSync(to).size >= statSync(from).size) continue;
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, `${to}.arriving`);
    renameSync(`${to}.arriving`, to);
  }
}
