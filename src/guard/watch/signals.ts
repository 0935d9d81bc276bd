import { processEntry } from "../../system/process.js";

const FORWARDED = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
/** A terminal sends these to every process of its foreground group, so the command gets them without help. */
const FROM_KEYS: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

/** Passes signals on to the command until the returned function is called. */
export function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  const handlers = FORWARDED.map((signal) => {
    const handler = (): void => {
      if (!(FROM_KEYS.includes(signal) && isInForeground())) send(signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}

/** Whether this process is in the foreground group of a terminal; see proc_pid_stat(5), pgrp and tpgid. */
function isInForeground(): boolean {
  const own = processEntry("self");
  return own === undefined ? process.stdin.isTTY : own.processGroup === own.foregroundGroup;
}
