import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../base/errors.js";

/** A module, or one export of it, instead of a function of the test file. */
export class ModuleSubject {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The same subject with an absolute path, resolved from the folder of the test file. */
  from(testFile: string): string {
    const hash = this.text.lastIndexOf("#");
    const [file, name] = hash > 0 ? [this.text.slice(0, hash), this.text.slice(hash)] : [this.text, ""];
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    return (isAbsolute(path) ? path : resolve(dirname(testFile), path)) + name;
  }
}

/**
 * A subject from a module: `subject("./session.ts#Session")`, relative to the test file. It is measured as
 * with `bytesper measure`, without the test runner in the process.
 */
export function subject(text: string): ModuleSubject {
  if (typeof text === "string" && text !== "") return new ModuleSubject(text);
  throw new BytesperError(
    "USAGE",
    'subject() needs the path of a module, or FILE#export, such as "./session.ts#Session".',
  );
}
