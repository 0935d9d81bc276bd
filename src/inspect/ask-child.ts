import { spawn } from "node:child_process";
import { BytesperError } from "../base/errors.js";

export interface ChildQuestion {
  /** Arguments of Node. */
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Sent to the child's standard input as JSON. */
  order: unknown;
  timeoutMs: number;
  /** What is said when the child is not done in time. */
  late: string;
  signal: AbortSignal;
}

/** What a child wrote to its file descriptor 3, and how it ended. */
export interface ChildAnswer {
  /** Parsed; undefined if it ended without an answer. */
  answer: unknown;
  /** The end of what it printed on stderr. */
  lastWords: string;
  /** Exit code or signal. */
  end: string;
}

const LAST_WORDS = 2000;

/**
 * Starts a Node process, gives it its order and waits for its answer. Its standard output belongs to the user's code and
 * is not read. Throws `SUBJECT_TIMEOUT` and `INTERRUPTED`, after the child has ended.
 */
export function askChild({ args, env, order, timeoutMs, late, signal }: ChildQuestion): Promise<ChildAnswer> {
  const interrupted = new BytesperError("INTERRUPTED", "Interrupted; nothing was measured completely.");
  if (signal.aborted) throw interrupted;
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let text = "";
    let lastWords = "";
    let why: BytesperError | undefined;
    const stop = (error: BytesperError): void => {
      why = error;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(() => {
      stop(new BytesperError("SUBJECT_TIMEOUT", late));
    }, timeoutMs);
    const interrupt = (): void => {
      stop(interrupted);
    };
    signal.addEventListener("abort", interrupt, { once: true });
    child.stderr?.on(
      "data",
      (piece: Buffer) => (lastWords = (lastWords + piece.toString()).slice(-LAST_WORDS)),
    );
    child.stdio[3]?.on("data", (piece: Buffer) => (text += piece.toString()));
    // A child that ends before it has read its order closes the pipe; its end tells the rest.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(JSON.stringify(order));
    child.on("error", reject);
    child.on("close", (code, killed) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupt);
      if (why !== undefined) reject(why);
      else resolve({ answer: parsed(text), lastWords, end: String(killed ?? code) });
    });
  });
}

/** A child that is killed in the middle of its answer has given none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
