import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../base/errors.js";

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/**
 * Remembers where in the test a matcher was called. An error then points to that line and not into this
 * package.
 */
export function callSite(): { of: (error: unknown) => unknown } {
  const holder = { stack: "" };
  Error.captureStackTrace(holder, callSite);
  const frames = holder.stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !line.includes(OWN_FOLDER));
  return {
    of: (error) => {
      // An error that a factory threw keeps its own stack.
      if (error instanceof BytesperError)
        error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n");
      return error;
    },
  };
}
