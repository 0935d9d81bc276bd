/**
 * All checks of the sources in one command, side by side; with --tests the test suite follows.
 * One line for each check, its output only where it failed, and exit 1 when any did.
 */
import { resolveCommand } from "./setup/command.mjs";
import { runChild } from "./setup/run-child.mjs";

const CHECKS = {
  prettier: ["prettier", "--check", "--log-level", "warn", "."],
  eslint: ["eslint", "--max-warnings", "0", "."],
  types: ["tsc", "--project", "tsconfig.check.json"],
  rooms: ["depcruise", "--config", ".dependency-cruiser.cjs", "--output-type", "err", "src"],
  "unused code": ["knip", "--include", "files,exports,dependencies"],
  "clang-format": ["node", "scripts/clang-format.mjs"],
};

async function run(name) {
  const { file, args } = resolveCommand(CHECKS[name]);
  let output = "";
  const { code, received } = await runChild(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    onOutput: (text) => (output += text),
  });
  if (received !== undefined) process.kill(process.pid, received);
  return { name, ok: code === 0, output: output.trimEnd() };
}

const results = await Promise.all(Object.keys(CHECKS).map(run));
for (const { ok, output } of results) if (!ok && output !== "") console.log(`${output}\n`);
for (const { name, ok } of results) console.log(`${name}: ${ok ? "passed" : "failed"}`);
let failed = results.some(({ ok }) => !ok);

if (process.argv.includes("--tests")) {
  const { file, args } = resolveCommand(["vitest", "run"]);
  const { code } = await runChild(file, args, { stdio: "inherit" });
  failed ||= code !== 0;
}
process.exitCode = failed ? 1 : 0;
