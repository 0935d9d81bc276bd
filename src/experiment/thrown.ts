import { dirname, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { inOriginalPlaces } from "./typescript/places.js";

/** The folder of bytesper's own compiled code, whose frames say nothing to a user. */
const OWN_FOLDER = dirname(dirname(fileURLToPath(import.meta.url))) + sep;

const FRAME = /^\s*at (?:.*?\()?(?:async )?(?:file:\/\/)?(\/[^()\n]*?):(\d+):(\d+)\)?$/;
/** First line of a stack where a module cannot be linked. */
const HEAD = /^(?:file:\/\/)?(\/[^\n]*?):(\d+)$/;

/**
 * A message with the first place of the user's own code in the stack: `no room 3 (src/rooms.ts:12:9).` Places
 * in compiled code become those of the files that the user wrote.
 */
export function withPlace(message: string, stack: string | undefined): string {
  const text = inOriginalPlaces(message);
  const place = stack === undefined ? undefined : firstPlace(inOriginalPlaces(stack));
  if (place === undefined || text.includes(place)) return text;
  return text.endsWith(".") ? `${text.slice(0, -1)} (${place}).` : `${text} (${place})`;
}

function firstPlace(stack: string): string | undefined {
  const [first = "", ...rest] = stack.split("\n");
  const head = HEAD.exec(first);
  if (head !== null) return `${shown(head[1] ?? "")}:${head[2] ?? ""}`;
  for (const line of rest) {
    const [, file = "", row = "", column = ""] = FRAME.exec(line) ?? [];
    if (file === "" || file.startsWith(OWN_FOLDER) || /[\\/]node_modules[\\/]/.test(file)) continue;
    return `${shown(file)}:${row}:${column}`;
  }
  return undefined;
}

function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith("..") ? file : near;
}
