import { spawn } from "node:child_process";

/** Runs a compiler or npm: {ok, output}, and where it failed as `reason` the first line that names an error. */
export function runTool(file, args) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
    child.once("error", (error) => resolve({ ok: false, output, reason: error.message }));
    child.once("close", (code, signal) => {
      const lines = errors.trim().split("\n");
      const named = lines.find((line) => /error|undefined|cannot find/i.test(line)) ?? lines.at(-1);
      resolve({ ok: code === 0, output, reason: named || `${file} ended with ${signal ?? code}` });
    });
  });
}
