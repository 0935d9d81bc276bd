import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sentence } from "../../base/sentence.js";
import type { ProofMessage, ProofTask } from "./proof.js";
import { messageSchema } from "./proof.js";

const CHILD = fileURLToPath(new URL("child.js", import.meta.url));

/** Why a proving process ended before it was done. */
export type Ending = { why: "done" | "interrupted" } | { why: "silent" | "ended"; reason: string };

/**
 * Runs one proving process until it is done, ends, says nothing for longer than a step may take, or is interrupted.
 * Then the process is killed without waiting: one in an uninterruptible call outlives SIGKILL.
 *
 * @param limitMs time of a check; opening the device and loading its kernels may take three times as long
 */
export function runChild(
  task: ProofTask,
  {
    limitMs,
    signal,
    onMessage,
  }: { limitMs: number; signal?: AbortSignal; onMessage: (message: ProofMessage) => void },
): Promise<Ending> {
  // In a group of its own, so that an interrupt from the keyboard reaches this process alone.
  const child = spawn(process.execPath, [CHILD, JSON.stringify(task), String(process.pid)], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  return new Promise((resolve) => {
    const kill = (): void => {
      child.kill("SIGKILL");
    };
    const done = (ending: Ending): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
      process.off("exit", kill);
      kill();
      lines.close();
      child.stdout.destroy();
      child.unref();
      resolve(ending);
    };
    const interrupt = (): void => {
      done({ why: "interrupted" });
    };
    const wait = (ms: number): NodeJS.Timeout =>
      setTimeout(() => {
        done({ why: "silent", reason: `it did not end within ${ms / 1000} s` });
      }, ms);
    let timer = wait(3 * limitMs);
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const message = messageSchema.parse(JSON.parse(line));
      clearTimeout(timer);
      timer = wait(limitMs);
      onMessage(message);
      if (message.event === "done") done({ why: "done" });
    });
    child.on("error", (error) => {
      done({ why: "ended", reason: sentence(error) });
    });
    // After "exit", output may still be on its way.
    child.on("close", (code, killed) => {
      done({
        why: "ended",
        reason: `the process that ran it ended with ${killed ?? `code ${String(code)}`}`,
      });
    });
    process.on("exit", kill);
    if (signal?.aborted === true) interrupt();
    else signal?.addEventListener("abort", interrupt, { once: true });
  });
}
