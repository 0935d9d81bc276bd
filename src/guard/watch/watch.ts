import { spawn } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { temporaryFolder } from "../../system/temporary.js";
import { BytesperError } from "../../base/errors.js";
import { DriverPoll } from "../../system/driver/reader.js";
import { CommandGuard } from "./command-guard.js";
import type { GuardLogger } from "./guard-logger.js";
import { ProcessTree } from "../../system/process-tree.js";
import { ReportFile } from "./report-file.js";
import type { RulesFile } from "./rules-file.js";
import { forwardSignals } from "./signals.js";
import { StateFile } from "./state-file.js";
import { Looks } from "./looks.js";

export interface WatchOptions {
  command: readonly [string, ...string[]];
  rules: RulesFile;
  log: GuardLogger;
  /** By default, both files are in a temporary folder. */
  stateFile?: string | undefined;
  reportFile?: string | undefined;
}

/**
 * Runs a command under soft barriers and returns its exit code; if a signal ended it, 128 plus the signal's number.
 * The command uses this process's standard streams and does not depend on this process: if the guard is killed, the
 * command continues. Throws `USAGE` if the command cannot be started, and `BAD_INPUT` for wrong rules.
 */
export async function watchCommand(options: WatchOptions): Promise<number> {
  const driver = new DriverPoll();
  // Rules may name shares of the device, so that its size must be known first.
  if (/device|poolCapBytes/.test(JSON.stringify(options.rules.rules))) await driver.first();
  const folder = temporaryFolder("guard");
  try {
    return await watchIn(folder, driver, options);
  } finally {
    driver.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function watchIn(folder: string, driver: DriverPoll, options: WatchOptions): Promise<number> {
  const { command, rules, log } = options;
  const statePath = resolve(options.stateFile ?? join(folder, "state.json"));
  const reportPath = resolve(options.reportFile ?? join(folder, "report.json"));
  const guard = new CommandGuard(rules, new ReportFile(reportPath), driver, (event) => {
    log.event(event);
  });
  const state = new StateFile(statePath);
  const looks = new Looks(guard, state, rules, log);
  requireFileOrNothing(reportPath);
  // The command finds both files when it starts.
  writeFirst(() => {
    looks.writeState();
    writeFileSync(reportPath, "", { flag: "a" });
  });

  let send: (signal: NodeJS.Signals) => void = () => undefined;
  const held: NodeJS.Signals[] = [];
  const release = forwardSignals((signal) => {
    log.info("signal", { signal, message: `${signal} is passed on to the command.` });
    if (guard.root === undefined) held.push(signal);
    else send(signal);
  });
  const mark = `BYTESPER_GUARD_STATE=${statePath}`;
  const [file, ...args] = command;
  const child = spawn(file, args, {
    stdio: "inherit",
    env: { ...process.env, BYTESPER_GUARD_STATE: statePath, BYTESPER_GUARD_REPORT: reportPath },
  });
  send = (signal) => {
    child.kill(signal);
  };
  const ended = new Promise<number>((done, failed) => {
    child.once("error", (error) => {
      if (child.pid === undefined) failed(cannotStart(file, error));
    });
    child.once("exit", (code, signal) => {
      done(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  try {
    if (child.pid !== undefined) {
      guard.root = child.pid;
      guard.tree = new ProcessTree(child.pid, mark);
      held.forEach(send);
      log.info("started", {
        pid: child.pid,
        command,
        rules: guard.guard.rules.map(({ name, action }) => ({ name, action })),
        message: `The guard samples every ${rules.sampleMs} ms.`,
      });
      looks.start();
    }
    const code = await ended;
    await looks.end();
    log.info("ended", { code, ...looks.summary(), message: `The command ended with ${code}.` });
    return code;
  } finally {
    release();
    looks.close();
    state.remove();
  }
}

function writeFirst(write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new BytesperError(
      "WRITE_FAILED",
      `The guard's files cannot be written: ${(error as Error).message}; give other places with --state and --report.`,
    );
  }
}

/** Opening a named pipe would wait for its reader, and a device takes what is written elsewhere. */
function requireFileOrNothing(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== false) return;
  throw new BytesperError("USAGE", `${path} is no file; give --report the path of a file, or of none yet.`);
}

function cannotStart(file: string, error: Error): BytesperError {
  const { code } = error as NodeJS.ErrnoException;
  const why =
    code === "ENOENT" ? "there is no such program" : code === "EACCES" ? "it may not be run" : error.message;
  return new BytesperError("USAGE", `The command "${file}" cannot be started: ${why}.`, { cause: error });
}
