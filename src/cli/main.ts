#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { BytesperError } from "../base/errors.js";
import { addAttention } from "./attention.js";
import { addCheck } from "./check.js";
import { addCompare } from "./compare.js";
import { addDevices } from "./devices.js";
import { addEstimate } from "./estimate.js";
import { addExplainOom } from "./explain-oom.js";
import { addGuard } from "./guard.js";
import { addMeasure } from "./measure.js";
import { addPaper } from "./paper.js";
import { addProfile } from "./profile.js";
import { addReport } from "./report.js";
import { addResume } from "./resume.js";
import { addRun } from "./run.js";
import { addSimulateContext } from "./simulate-context.js";
import { addStatus } from "./status.js";
import { addWrites } from "./writes.js";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

// If the reader of stdout stops (for example `| head`), output ends and the work continues.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const program = new Command("bytesper")
  .description("measures how many bytes one session, message or instance costs")
  .version(manifest.version)
  .exitOverride()
  .showHelpAfterError(false);
addProfile(program);
addMeasure(program);
addAttention(program);
addCheck(program);
addCompare(program);
addDevices(program);
addEstimate(program);
addExplainOom(program);
addGuard(program);
addSimulateContext(program);
addRun(program);
addResume(program);
addStatus(program);
addReport(program);
addPaper(program);
addWrites(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has already printed its message. Asking for help is not an error.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else if (error instanceof BytesperError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(
      `This is a defect of bytesper: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
