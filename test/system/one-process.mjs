/**
 * Runs command lines in one process, one after the other: an order a line on descriptor 3, its end a line on 4.
 * See one-process.ts.
 */
import { createReadStream, writeSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , main] = process.argv;
const environment = { ...process.env };
// Each command line listens for errors of the output once more.
for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0);

let count = 0;
for await (const line of createInterface({ input: createReadStream("", { fd: 3 }) })) {
  const { args, cwd, env } = JSON.parse(line);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environment, env);
  process.chdir(cwd);
  process.argv = [process.execPath, main, ...args];
  process.exitCode = undefined;
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    process[name].write = (piece, encoding, done) => {
      output[name] += typeof piece === "string" ? piece : Buffer.from(piece).toString();
      const then = typeof encoding === "function" ? encoding : done;
      if (then !== undefined) process.nextTick(then);
      return true;
    };
  // Another address, so that it is run again; what it imports is kept.
  await import(`${main}?${(count += 1)}`);
  const bytes = Buffer.from(`${JSON.stringify({ code: process.exitCode ?? 0, ...output })}\n`);
  for (let offset = 0; offset < bytes.length;) offset += writeSync(4, bytes, offset);
}
