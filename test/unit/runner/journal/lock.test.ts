import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { tryLoadAddon } from "../../../../src/system/native/load.js";
import { absent, isAbsent } from "../../../../src/system/probe/reading.js";
import { Journal } from "../../../../src/runner/journal/journal.js";
import type { Owner } from "../../../../src/system/owner.js";
import { isAlive, ownIdentity } from "../../../../src/system/owner.js";
import { startTicksOf } from "../../../../src/system/process.js";
import type * as Load from "../../../../src/system/native/load.js";
import { bytesOf, RECORDS, temporaryFolder } from "./sample.js";

const locks = vi.hoisted(() => ({ work: true }));

vi.mock("../../../../src/system/native/load.js", async (original) => {
  const load = await original<typeof Load>();
  return { ...load, tryLoadAddon: () => (locks.work ? load.tryLoadAddon() : absent("no locks here")) };
});

const folder = temporaryFolder();
const OTHER_HOST = `not-${hostname()}`;
let journals = 0;

function journalWrittenBy(owner: Owner): string {
  const path = join(folder, `${++journals}.jsonl`);
  writeFileSync(
    path,
    bytesOf([{ type: "runner", owner, command: "run", moreMemory: 1 }, ...RECORDS.slice(1)]),
  );
  return path;
}

/** A process of this host that has ended, and one that has its number and is another. */
async function endedOwner(): Promise<Owner> {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const startTicks = startTicksOf(pid) ?? 0;
  expect(isAlive({ ...ownIdentity(), pid, startTicks })).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  return { ...ownIdentity(), pid, startTicks };
}

/** The parent of this test lives as long as it does. */
function livingOwner(): Owner {
  return { ...ownIdentity(), pid: process.ppid, startTicks: startTicksOf(process.ppid) ?? 0 };
}

afterEach(() => {
  locks.work = true;
});

describe("where files can be locked", () => {
  const addon = tryLoadAddon();
  const locked = test.skipIf(isAbsent(addon));
  if (isAbsent(addon)) test.skip(`locks: ${addon.absent}`);

  locked("a journal that is open is refused to another, with who has it", () => {
    const path = journalWrittenBy(ownIdentity());
    const { journal } = Journal.open(path);
    expect(() => Journal.open(path)).toThrow(
      `${path} is being written by process ${process.pid} on ${hostname()}; wait for it, or end it first.`,
    );
    journal.close();
    Journal.open(path).journal.close();
  });

  locked("a refusal leaves the journal and its torn end alone", () => {
    const path = journalWrittenBy(ownIdentity());
    const { journal } = Journal.open(path);
    const bytes = Buffer.concat([readFileSync(path), Buffer.from("half of a rec")]);
    writeFileSync(path, bytes);
    expect(() => Journal.open(path)).toThrow(expect.objectContaining({ code: "RUN_IN_USE", exitCode: 2 }));
    expect(readFileSync(path).equals(bytes)).toBe(true);
    journal.close();
  });

  locked("a new journal is its creator's from the first moment", () => {
    const journal = Journal.create(join(folder, "created"), "run");
    expect(() => Journal.open(journal.path)).toThrow(
      `${journal.path} is being written by another process; wait for it, or end it first.`,
    );
    journal.close();
  });

  locked("a process that died holds nothing, whatever its record says", async () => {
    const path = journalWrittenBy(await endedOwner());
    Journal.open(path).journal.close();
  });

  locked(
    "the lock counts and not the record: one that says of a living process that it writes is opened",
    () => {
      const path = journalWrittenBy(livingOwner());
      Journal.open(path).journal.close();
    },
  );
});

describe("where files cannot be locked", () => {
  test("the last writer's number must do: while it lives, the journal is its own", () => {
    const path = journalWrittenBy(livingOwner());
    locks.work = false;
    expect(() => Journal.open(path)).toThrow(`is being written by process ${process.ppid} on ${hostname()};`);
  });

  test("a lock that a dead owner left is none", async () => {
    const path = journalWrittenBy(await endedOwner());
    locks.work = false;
    Journal.open(path).journal.close();
  });

  test("a writer on another host counts as alive, because nobody can tell", () => {
    const path = journalWrittenBy({ ...ownIdentity(), host: OTHER_HOST });
    locks.work = false;
    expect(() => Journal.open(path)).toThrow(`is being written by process ${process.pid} on ${OTHER_HOST};`);
  });
});

describe("an owner", () => {
  test("is alive while its process is", () => {
    expect(isAlive(ownIdentity())).toBe(true);
  });

  test("is dead where a later process has its number", () => {
    expect(isAlive({ ...livingOwner(), startTicks: 1 })).toBe(false);
  });

  test("is dead after a boot", () => {
    expect(isAlive({ ...ownIdentity(), bootId: "another" })).toBe(false);
  });

  test("that ended and was not waited for is dead", async () => {
    // The shell starts a child and becomes a program that never waits; only then may the child end, or the
    // shell itself might wait for it.
    const child = spawn("sh", ["-c", "read -r line <&3 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    const [line] = (await once(child.stdout as Readable, "data")) as [Buffer];
    const pid = Number(line.toString());
    await expect.poll(() => readFileSync(`/proc/${child.pid ?? 0}/comm`, "latin1").trim()).toBe("sleep");
    (child.stdio[3] as Writable).end();
    const state = (): string => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.[0] ?? "";
    try {
      await expect.poll(state).toBe("Z");
      expect(startTicksOf(pid)).toBeUndefined();
    } finally {
      child.kill("SIGKILL");
    }
  });
});
