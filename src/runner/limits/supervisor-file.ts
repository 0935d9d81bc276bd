import { accessSync, constants } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Absent } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";

/** The supervisor: the program that runs a cell. Every enforcement needs it. */
export const SUPERVISOR_FILE = fileURLToPath(
  new URL("../../../build/Release/cell-supervisor", import.meta.url),
);

export function supervisorOffer(): true | Absent {
  if (process.platform !== "linux") return absent("it needs Linux");
  try {
    accessSync(SUPERVISOR_FILE, constants.X_OK);
    return true;
  } catch {
    return absent(`${SUPERVISOR_FILE} is not there; run npm run build`);
  }
}
