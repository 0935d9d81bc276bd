import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { ROOT } from "./paths.mjs";
import { Stop } from "./stop.mjs";

const POSIX = process.platform !== "win32";
/** What a terminal sends to all of its foreground processes; the others are meant for one process. */
const TO_GROUP = ["SIGINT", "SIGQUIT", "SIGHUP"];
const FORWARDED = [...TO_GROUP, "SIGTERM"];
/** npm passes a Ctrl-C on to the script that the terminal has told already: copies come within milliseconds. */
const COPY_MS = 200;

/**
 * Runs a program to its end. It gets a process group of its own and hears each signal from here, once: in
 * ours it would hear a Ctrl-C from the terminal and again from whoever forwards it, and take the second for
 * an impatient user.
 * Answers the exit code or the signal it died of, and the signal that was `received` meanwhile.
 */
export async function runChild(file, args, { stdio, env, onOutput } = {}) {
  const child = spawn(file, args, { cwd: ROOT, stdio, env: env ?? process.env, detached: POSIX });
  child.stdout?.setEncoding("utf8").on("data", onOutput);
  child.stderr?.setEncoding("utf8").on("data", onOutput);
  let received;
  const release = forwardSignals(child, (signal) => (received = signal));
  const keeper = POSIX && child.pid !== undefined ? startKeeper(child.pid) : undefined;
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", (error) => reject(new Stop(startFailure(file, error), { exitCode: 127 })));
      child.once("close", (code, signal) => resolve({ code, signal, received }));
    });
  } finally {
    keeper?.stdin.end("done\n");
    release();
  }
}

function forwardSignals(child, onSignal) {
  const last = new Map();
  const handlers = FORWARDED.map((signal) => [
    signal,
    () => {
      const now = performance.now();
      const copy = now - (last.get(signal) ?? -Infinity) < COPY_MS;
      last.set(signal, now);
      if (copy) return;
      onSignal(signal);
      send(child, signal, TO_GROUP.includes(signal));
    },
  ]);
  if (POSIX) {
    handlers.push(["SIGWINCH", () => send(child, "SIGWINCH", true)]);
    handlers.push(["SIGCONT", () => send(child, "SIGCONT", true)]);
    // Ctrl-Z: SIGSTOP, because the kernel discards SIGTSTP in a group that no shell watches.
    handlers.push([
      "SIGTSTP",
      () => {
        send(child, "SIGSTOP", true);
        process.kill(process.pid, "SIGSTOP");
      },
    ]);
  }
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

function send(child, signal, toGroup) {
  if (child.pid === undefined) return;
  try {
    process.kill(POSIX && toGroup ? -child.pid : child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/**
 * A shell that sleeps until this process is gone. If it went without a word (SIGKILL reaches nobody else),
 * the child's group is ended too, so that no build or measurement runs on unwatched.
 */
function startKeeper(group) {
  const script = `read word || { kill -TERM -${group}; sleep 2; kill -KILL -${group}; }`;
  const keeper = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  keeper.on("error", () => {});
  keeper.stdin.on("error", () => {});
  keeper.unref();
  return keeper;
}

function startFailure(file, error) {
  const reason = error.code === "ENOENT" ? "there is no such program on the PATH" : error.message;
  return `${file} cannot be started: ${reason}.`;
}
