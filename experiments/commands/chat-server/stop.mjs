import { readFileSync } from "node:fs";

/** Ends a process with a sentence in place of a stack. */
export class Stop extends Error {}

/** A process of Node has some thirty files open by itself. */
const OWN_DESCRIPTORS = 64;

/** Throws where the system allows a process fewer open files than it needs sockets. */
export function requireDescriptors(connections) {
  const allowed = openFilesAllowed();
  const needed = connections + OWN_DESCRIPTORS;
  if (allowed === undefined || needed <= allowed) return;
  throw new Stop(
    `${connections} connections need ${needed} open files and this process may have ${allowed}; raise the limit (ulimit -n ${needed}) or run fewer connections`,
  );
}

/** Undefined where the system does not tell, as on macOS. Node has raised it to the hard limit at its start. */
function openFilesAllowed() {
  let text;
  try {
    text = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return undefined;
  }
  const allowed = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return allowed === undefined ? undefined : Number(allowed);
}
