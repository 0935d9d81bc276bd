import { readFileSync } from "node:fs";

/** An error that is shown as a sentence, without a stack trace. */
export class Stop extends Error {}

/** A Node process opens some thirty files itself. */
const OWN_DESCRIPTORS = 64;

/** Throws if the system allows this process fewer open files than it needs. */
export function requireDescriptors(connections) {
  const allowed = openFilesAllowed();
  const needed = connections + OWN_DESCRIPTORS;
  if (allowed === undefined || needed <= allowed) return;
  throw new Stop(
    `${connections} connections need ${needed} open files and this process may have ${allowed}; raise the limit (ulimit -n ${needed}) or run fewer connections`,
  );
}

/** Undefined if the system does not tell, as on macOS. Node has raised the limit to the hard limit at its start. */
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
