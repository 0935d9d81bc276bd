import { accessSync, constants } from "node:fs";
import { buildCommand, supervisorFile } from "../../system/native/built-file.js";
import type { Absent } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";

/** Whether the supervisor, the program that runs a cell, can be started. Every enforcement needs it. */
export function supervisorOffer(): true | Absent {
  if (process.platform !== "linux") return absent("it needs Linux");
  const file = supervisorFile();
  if (file === undefined) return absent(`the program cell-supervisor is not built; run ${buildCommand()}`);
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return absent(`${file} cannot be run; run ${buildCommand()}`);
  }
}
