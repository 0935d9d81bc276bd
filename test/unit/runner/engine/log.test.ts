import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BytesperError } from "../../../../src/base/errors.js";
import { RunLog } from "../../../../src/runner/engine/log.js";
import { isDone, unitKey } from "../../../../src/runner/engine/state.js";
import { Journal } from "../../../../src/runner/journal/journal.js";
import { readJournal } from "../../../../src/runner/journal/read.js";
import { temporaryFolder } from "../journal/sample.js";
import { cellAt, ended, planned, RUN, turn } from "./sample.js";

const folder = temporaryFolder();
const one = cellAt(1);
function untold(message: string): never {
  throw new Error(message);
}

test("what is appended is in the journal and in the state alike", () => {
  const journal = Journal.create(join(folder, "whole"), "run");
  const log = new RunLog(journal, [], untold);
  expect(log.isEmpty).toBe(true);
  log.append(RUN, planned(one), ended(one, "ok"));
  journal.close();
  expect(log.state.units.get(unitKey(one))?.last?.end.outcome).toBe("ok");
  const again = new RunLog(undefined, readJournal(journal.path).records, untold);
  expect(again.state).toEqual(log.state);
});

test("any number of records is appended", () => {
  const journal = Journal.create(join(folder, "many"), "run");
  const log = new RunLog(journal, [], untold);
  log.append(RUN, planned(one));
  log.appendAll(Array.from({ length: 150_000 }, () => turn(one)));
  journal.close();
  expect(log.state.units.get(unitKey(one))?.turns).toBe(150_000);
  expect(readJournal(journal.path).records).toHaveLength(150_002);
});

describe("when the journal cannot be written any more", () => {
  const told: string[] = [];
  const journal = Journal.create(join(folder, "broken"), "run");
  const log = new RunLog(journal, [], (message) => told.push(message));
  log.append(RUN, planned(one));
  journal.close();
  log.append(ended(one, "ok"));
  log.append(turn(one));

  test("it is told once, and the first reason is kept", () => {
    expect(told).toHaveLength(1);
    expect(log.writeError?.code).toBe("WRITE_FAILED");
  });

  test("the state goes on", () => {
    const unit = log.state.units.get(unitKey(one));
    expect(unit?.turns).toBe(1);
    expect(unit === undefined ? false : isDone(unit)).toBe(true);
  });

  test("later steps that write are not tried", () => {
    let tried = false;
    log.keeping(() => (tried = true));
    expect(tried).toBe(false);
  });
});

test("an error of another kind is nobody's to keep", () => {
  const log = new RunLog(undefined, [RUN], untold);
  const failing = (): void => {
    log.keeping(() => {
      throw new BytesperError("BAD_RESULT", "another");
    });
  };
  expect(failing).toThrow("another");
  expect(log.writeError).toBeUndefined();
});

test("a call of the system that fails is told as a file that cannot be written", () => {
  const told: string[] = [];
  const log = new RunLog(undefined, [RUN], (message) => told.push(message));
  log.keeping(() => {
    mkdirSync(join(folder, "missing", "folder"));
  });
  expect(told).toEqual([
    expect.stringMatching(/missing\/folder cannot be written: .*The tables are printed at the end\.$/),
  ]);
  expect(log.writeError?.code).toBe("WRITE_FAILED");
});
