import { describe, expect, test } from "vitest";
import { absent } from "../../../../src/system/probe/reading.js";
import type { SupervisorEnd } from "../../../../src/runner/cell/supervisor-report.js";
import type { LaunchEnd } from "../../../../src/runner/cell/launch.js";
import type { Evidence } from "../../../../src/runner/cell/outcome.js";
import { verdict } from "../../../../src/runner/cell/outcome.js";

const MIB = 2 ** 20;
const NOBODY = absent("nobody counts");

const supervisor: SupervisorEnd = {
  event: "end",
  killed: null,
  code: 1,
  survivors: 0,
  largestProcessPeakBytes: MIB,
  processesReaped: 1,
  wallMs: 1,
  userMs: 1,
  systemMs: 1,
};

/** A process that ended with code 1 and said nothing. */
function launched(changes: Partial<LaunchEnd> = {}): LaunchEnd {
  return { exitCode: 1, exitSignal: null, output: "", durationMs: 1, timedOut: false, ...changes };
}

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    launch: launched(),
    limit: { peak: NOBODY, oomKills: NOBODY, counters: {} },
    enforcement: "cgroup-v2",
    capBytes: undefined,
    heapLimitBytes: undefined,
    timeoutMs: 20_000,
    ended: undefined,
    answered: false,
    error: undefined,
    answeredOutcome: undefined,
    answeredCause: undefined,
    lacking: undefined,
    kills: undefined,
    ...changes,
  };
}

/** An answer that the kernel's word must outweigh. */
const OK = { answered: true, launch: launched({ exitCode: 0 }) };
const CAPPED = { capBytes: 64 * MIB };

test("an answer is ok", () => {
  expect(verdict(evidence(OK))).toEqual({ outcome: "ok" });
});

describe("oom-cap", () => {
  test("is what the kernel counted at the cap, even where the main process answered", () => {
    const limit = { peak: NOBODY, oomKills: 1, counters: {} };
    expect(verdict(evidence({ ...OK, ...CAPPED, limit }))).toEqual({
      outcome: "oom-cap",
      aboveBytes: 64 * MIB,
      cause: "the kernel's killer acted at the cap of 64.00 MiB (cgroup-v2: oom_kill 1)",
    });
  });

  test("is what the supervisor's watchdog ended, with what the tree held", () => {
    const launch = launched({ supervisor: { ...supervisor, killed: "memory", overLimitBytes: 80 * MIB } });
    expect(verdict(evidence({ ...CAPPED, launch, enforcement: "watchdog" }))).toEqual({
      outcome: "oom-cap",
      aboveBytes: 64 * MIB,
      cause: "the watchdog ended it above the cap of 64.00 MiB, it held 80.00 MiB",
    });
  });

  test("is a refused allocation where the data limit is the cap", () => {
    const launch = launched({ output: "Traceback\nMemoryError\n" });
    expect(verdict(evidence({ ...CAPPED, launch, enforcement: "rlimit-data" }))).toEqual({
      outcome: "oom-cap",
      aboveBytes: 64 * MIB,
      cause: "an allocation was refused under the data limit of 64.00 MiB: MemoryError",
    });
  });

  test("is never told of a cell without a cap", () => {
    const limit = { peak: NOBODY, oomKills: 1, counters: {} };
    expect(verdict(evidence({ ...OK, limit })).outcome).toBe("ok");
  });

  test("comes before the time limit: out of memory may have made it slow", () => {
    const limit = { peak: NOBODY, oomKills: 1, counters: {} };
    const launch = launched({ timedOut: true });
    expect(verdict(evidence({ ...CAPPED, limit, launch })).outcome).toBe("oom-cap");
  });
});

describe("oom-heap", () => {
  const output =
    "<--- Last few GCs --->\nFATAL ERROR: Reached heap limit - JavaScript heap out of memory\n at x\n";
  const launch = launched({ exitCode: null, exitSignal: "SIGABRT", output });

  test("is V8's own word, and a bound where the runner set the limit", () => {
    expect(verdict(evidence({ ...CAPPED, heapLimitBytes: 48 * MIB, launch }))).toEqual({
      outcome: "oom-heap",
      cause: "V8's heap limit of 48.00 MiB was reached, which is set below the cap of 64.00 MiB",
      aboveBytes: 48 * MIB,
    });
  });

  test.each([
    // A program that called v8.setFlagsFromString or was started with an option of its own.
    {
      heap: "254.9",
      limitMiB: 1984,
      says: /^V8 gave up with 254\.90 MiB in the heap, below the limit of 1\.94 GiB/,
    },
    { heap: "1980.2", limitMiB: 1984, says: /^V8's heap limit of 1\.94 GiB was reached/ },
    { heap: "254.9", limitMiB: undefined, says: /^V8's heap limit was reached with 254\.90 MiB in the heap/ },
  ])(
    "names the runner's limit of $limitMiB MiB only if the heap was near it: $heap MB",
    ({ heap, limitMiB, says }) => {
      const trace = `[7:0x1] 41 ms: Mark-Compact (reduce) 255.2 (258.1) -> ${heap} (258.4) MB, 552.87 / 0.00 ms\n`;
      const ended = launched({ exitCode: null, exitSignal: "SIGABRT", output: trace + output });
      const limit = limitMiB === undefined ? {} : { heapLimitBytes: limitMiB * MIB };
      const { outcome, cause, aboveBytes } = verdict(
        evidence({ ...CAPPED, capBytes: 2048 * MIB, launch: ended, ...limit }),
      );
      expect(outcome).toBe("oom-heap");
      expect(cause).toMatch(says);
      expect(aboveBytes).toBe(Number(heap) > 1900 ? 1984 * MIB : 254.9 * MIB);
    },
  );

  test("is no bound where nobody knows the limit", () => {
    const told = verdict(evidence({ launch }));
    expect(told).toEqual({ outcome: "oom-heap", cause: "V8's heap limit was reached" });
  });
});

describe("oom-device", () => {
  test("is the words of a framework on stderr", () => {
    const line = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.";
    const launch = launched({ output: `Traceback\n  ${line}\n` });
    expect(verdict(evidence({ launch }))).toEqual({ outcome: "oom-device", cause: line });
  });

  test("is what a program says of itself, with its cause", () => {
    const own = { answeredOutcome: "oom-device", answeredCause: "3 GiB asked for" } as const;
    expect(verdict(evidence({ ...OK, ...own }))).toEqual({ outcome: "oom-device", cause: "3 GiB asked for" });
  });
});

test.each([
  "RangeError: Array buffer allocation failed",
  "MemoryError",
  "terminate called after throwing an instance of 'std::bad_alloc'",
  "spawn ENOMEM",
  "OSError: [Errno 12] Cannot allocate memory",
  "runtime: out of memory: cannot allocate 4194304-byte block",
])("oom-alloc is an allocation that was refused: %s", (line) => {
  const launch = launched({ output: `before\n${line}\nafter\n` });
  expect(verdict(evidence({ ...CAPPED, launch }))).toEqual({
    outcome: "oom-alloc",
    cause: `an allocation was refused: ${line}`,
  });
});

test("oom-alloc is also what a subject threw and the cell entry told", () => {
  const error = { code: "SUBJECT_THREW", message: "create threw: Array buffer allocation failed" } as const;
  expect(verdict(evidence({ error }))).toEqual({
    outcome: "oom-alloc",
    cause: "an allocation was refused: create threw: Array buffer allocation failed",
  });
});

test("words on memory count at the end of the output only", () => {
  const launch = launched({ output: `trying to run out of memory\n${"x\n".repeat(4096)}` });
  expect(verdict(evidence({ launch })).outcome).toBe("crash");
});

describe("what the runner did itself comes first", () => {
  test.each(["interrupted", "oom-watchdog"] as const)("%s", (outcome) => {
    const ended = { outcome, cause: "the reason" };
    const limit = { peak: NOBODY, oomKills: 1, counters: {} };
    expect(verdict(evidence({ ...OK, ...CAPPED, limit, ended }))).toEqual(ended);
  });

  test.each(["lifeline", "signal", "asked"] as const)("a supervisor that was told to end (%s)", (killed) => {
    const launch = launched({ supervisor: { ...supervisor, killed } });
    expect(verdict(evidence({ launch }))).toEqual({ outcome: "interrupted", cause: "interrupted" });
  });
});

test("timeout is the limit on the wall time", () => {
  expect(verdict(evidence({ launch: launched({ timedOut: true }) }))).toEqual({
    outcome: "timeout",
    code: "SUBJECT_TIMEOUT",
    cause: "did not finish within 20 s",
  });
});

describe("crash", () => {
  function causeOf(changes: Partial<LaunchEnd>, more: Partial<Evidence> = {}): string | undefined {
    const { outcome, cause } = verdict(evidence({ ...more, launch: launched(changes) }));
    expect(outcome).toBe("crash");
    return cause;
  }

  test("tells the code and the last line", () => {
    expect(causeOf({ exitCode: 7, output: "one\n  the last  \n\n" })).toBe(
      "the process exited with code 7 without an answer; its last line was: the last",
    );
  });

  test("tells the error that nobody caught, not Node's version, with the first place of the user's code", () => {
    const output = [
      "node:events:496",
      "      throw er; // Unhandled 'error' event",
      "",
      "Error: listen EADDRINUSE: address already in use :::34567",
      "    at Server.setupListenHandle [as _listen2] (node:net:1908:16)",
      "    at open (/app/node_modules/pool/index.js:3:1)",
      "    at file:///app/src/port.mjs:4:5 {",
      "    at file:///app/src/port.mjs:4:5",
      "  code: 'EADDRINUSE',",
      "}",
      "",
      "Node.js v20.20.2",
      "",
    ].join("\n");
    expect(causeOf({ exitCode: 1, output })).toBe(
      "the process exited with code 1 without an answer; its last line was: Error: listen EADDRINUSE: address already in use :::34567 (/app/src/port.mjs:4:5)",
    );
  });

  test("tells the signal", () => {
    expect(causeOf({ exitCode: null, exitSignal: "SIGSEGV" })).toBe(
      "the process was killed by SIGSEGV without an answer",
    );
  });

  test("tells that a refused allocation may be behind a fault under a data limit", () => {
    const capped = { enforcement: "rlimit-data" as const, capBytes: 50 * 2 ** 20 };
    expect(causeOf({ exitCode: null, exitSignal: "SIGABRT" }, capped)).toBe(
      "the process was killed by SIGABRT without an answer; a refused allocation ends many programs so, and RLIMIT_DATA refuses above 50.00 MiB: raise the cap or choose another enforcement to tell",
    );
    expect(causeOf({ exitCode: null, exitSignal: "SIGTERM" }, capped)).toBe(
      "the process was killed by SIGTERM without an answer",
    );
  });

  test("with code 0 and no answer is still one", () => {
    expect(causeOf({ exitCode: 0 })).toBe("the process exited with code 0 without an answer");
  });

  test("of a command that lacks a reading says which", () => {
    expect(causeOf({ exitCode: 0 }, { answered: true, lacking: "without the reading x" })).toBe(
      "without the reading x",
    );
  });

  test("keeps the code of the mistake that the cell told", () => {
    const error = { code: "BAD_SUBJECT", message: "it has no create." } as const;
    expect(verdict(evidence({ error }))).toEqual({
      outcome: "crash",
      code: "BAD_SUBJECT",
      cause: "it has no create.",
    });
  });

  test("names the host's out-of-memory killer where that was at work", () => {
    expect(
      causeOf(
        { exitCode: null, exitSignal: "SIGKILL" },
        { kills: { host: 2, group: { limitBytes: 512 * MIB, kills: 0 } } },
      ),
    ).toContain("(oom_kill in /proc/vmstat rose by 2)");
  });

  test("names the limit of its container where that was met, and not the host", () => {
    const kills = { host: 2, group: { limitBytes: 512 * MIB, kills: 1 } };
    const cause = causeOf({ exitCode: null, exitSignal: "SIGKILL" }, { kills });
    expect(cause).toContain("at the memory limit of 512.00 MiB of this control group");
    expect(cause).not.toContain("host");
  });

  test("of a program that is not there names the program", () => {
    const failed = {
      event: "failed",
      stage: "exec",
      path: "nowhere",
      errno: 2,
      message: "No such file",
    } as const;
    expect(causeOf({ failed })).toBe("the process could not be started: exec nowhere: No such file");
  });

  test("of a process that the system refused tells its error", () => {
    expect(causeOf({ spawnError: new Error("spawn EAGAIN"), exitCode: null })).toBe(
      "the process could not be started: spawn EAGAIN",
    );
  });
});
