import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../base/errors.js";

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/** Where in the test a matcher was called: it is there that a reader wants to be taken, not into this package. */
export function callSite(): { of: (error: unknown) => unknown } {
  const holder = { stack: "" };
  Error.captureStackTrace(holder, callSite);
  const frames = holder.stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !line.includes(OWN_FOLDER));
  return {
    of: (error) => {
      // What a factory threw keeps its own way.
      if (error instanceof BytesperError)
        error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n");
      return error;
    },
  };
}
