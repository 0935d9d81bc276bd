import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Result } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const MAIN = join(ROOT, "dist/cli/main.js");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  node?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Called with everything on stderr so far, at each new piece of it. */
  onStderr?: (text: string, interrupt: () => void) => void;
}

/** Runs the built command line to its end. */
export function bytesper(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return run(options.node ?? process.execPath, [MAIN, ...args], options);
}

/** Runs any program to its end. */
export function run(file: string, args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      options.onStderr?.(stderr, () => child.kill("SIGINT"));
    });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** The result that `measure --json` prints. */
export async function measured(args: readonly string[], options: CliOptions = {}): Promise<Result> {
  const { stdout, stderr } = await bytesper(["measure", ...args, "--json"], options);
  if (stdout === "") throw new Error(stderr);
  return parseResult(stdout, "measure --json");
}

/** `fit`, which the caller says must be there. */
export function fitOf(result: Result): Exclude<Result["fit"], { absent: string }> {
  if ("absent" in result.fit) throw new Error(result.fit.absent);
  return result.fit;
}

export function subject(name: string): string {
  return join(ROOT, "test/fixtures/subjects", name);
}

/** An empty folder that is removed when `use` is done. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  try {
    return await use(folder);
  } finally {
    // What a test has just killed may still be putting a last file there.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** Programs of further Node versions, from BYTESPER_NODES (paths, colon between them). */
export function otherNodes(): string[] {
  return (process.env.BYTESPER_NODES ?? "").split(":").filter(Boolean);
}

const LISTEN = `const server = require("net").createServer();
const tryOne = () => server.listen(10_000 + Math.floor(20_000 * Math.random()), "127.0.0.1");
server.on("error", tryOne).on("listening", () => { console.log(server.address().port); server.close(); });
tryOne();`;

/**
 * A port of this machine on which nobody listens now. It lies below those that the kernel gives to clients, so that no
 * connection of another test takes it later.
 */
export function unusedPort(): number {
  return Number(execFileSync(process.execPath, ["-e", LISTEN], { encoding: "utf8" }));
}
