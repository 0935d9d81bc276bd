import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Ended } from "./cli.js";
import { bytesper, MAIN, ROOT } from "./cli.js";

const SERVERS = join(ROOT, "test/fixtures/servers");
const BAD = ["node", join(SERVERS, "bad.mjs")];

interface Answer {
  fit: { totalPerUnitBytes: { value: number }; perUnitBytes: { value: number } | { absent: string } };
  rows: { state: string; connections: number; processes: number }[];
  ended?: { level: number; connections: number; reason: string };
  warnings: { name: string; message: string }[];
}

/** Each test has a mark of its own, because they run side by side. */
async function connections(mark: string, options: string[], command: string[]): Promise<Ended> {
  const ended = await bytesper(["connections", "--no-snapshot", ...options, "--", ...command], {
    env: { BYTESPER_TEST_MARK: mark },
  });
  expect(processesWith(mark), "processes that are left").toEqual([]);
  return ended;
}

/** The processes that inherited the mark. */
function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(`BYTESPER_TEST_MARK=${mark}\0`)
      );
    } catch {
      return false;
    }
  });
}

const isLinux = process.platform === "linux";

const FEW = ["--clients", "20,40,80", "--trials", "1"];

test.runIf(isLinux).concurrent.each([
  [
    "listens nowhere",
    ["--listen", "1"],
    [...BAD, "silent"],
    1,
    /After 1 s the server does not listen: it listens on no TCP port/,
  ],
  [
    "listens on a Unix socket alone",
    ["--listen", "1"],
    [...BAD, "unix"],
    1,
    /does not listen: it listens on the Unix socket/,
  ],
  [
    "listens on two ports",
    FEW,
    [...BAD, "ports"],
    2,
    /listens on several ports \(\d+, \d+\); say with --port/,
  ],
  [
    "ends before it listens",
    FEW,
    [...BAD, "nothing of that name"],
    1,
    /^The server ended before it listened \(code 1: TypeError: .* is not a function\)\.$/m,
  ],
  [
    "is no program",
    FEW,
    ["no-such-program"],
    2,
    /^The server "no-such-program" cannot be started: there is no such program\.$/m,
  ],
  [
    "closes each connection",
    FEW,
    [...BAD, "closes"],
    1,
    /client of http cannot stay connected: .*closes each connection after its answer/,
  ],
] as [string, string[], string[], number, RegExp][])(
  "a server that %s is told in one sentence and leaves no process",
  async (kind, options, command, code, sentence) => {
    const ended = await connections(kind, options, command);
    expect(ended.stderr).toMatch(sentence);
    expect([ended.code, ended.stdout]).toEqual([code, ""]);
  },
  180_000,
);

test.runIf(isLinux).concurrent.each([
  [
    "dies",
    ["--clients", "50,100,400"],
    /400 connections could not be held: the server ended \(code 1: Error: no room for connection 300\)/,
  ],
  [
    "refuses",
    ["--clients", "20,40,80"],
    /80 connections could not be held, 59 were open: the server closed 21 of 80/,
  ],
  [
    "restarts",
    ["--clients", "10,20,80"],
    /80 connections could not be held: a process of the server ended and another took its place/,
  ],
] as [string, string[], RegExp][])(
  "what was measured before a server %s is not lost",
  async (kind, options, message) => {
    const ended = await connections(
      kind,
      [...options, "--protocol", "tcp", "--trials", "1", "--json"],
      [...BAD, kind],
    );
    const answer = JSON.parse(ended.stdout) as Answer;
    expect(answer.warnings.find(({ name }) => name === "level-not-held")?.message).toMatch(message);
    expect(answer.rows.filter(({ state }) => state === "open").length).toBeGreaterThanOrEqual(2);
    expect(answer.fit).toHaveProperty("totalPerUnitBytes");
    expect(ended.code).toBe(1);
  },
  180_000,
);

test.runIf(isLinux)(
  "a server that may open few files is told before its connections are opened",
  async () => {
    const command = ["sh", "-c", `ulimit -n 60; exec python3 ${join(SERVERS, "asyncio_server.py")}`];
    const { stdout, code } = await connections("files", [...FEW, "--json"], command);
    const { ended } = JSON.parse(stdout) as Answer;
    expect(ended?.reason).toMatch(
      /^the server may open \d+ more files and needs 40 for 80 connections; start it with a higher/,
    );
    expect(code).toBe(1);
  },
);

test.runIf(isLinux)(
  "all workers of a cluster are read, also where the server prints a lot and listens on ::1",
  async () => {
    const [workers, loud] = await Promise.all([
      connections("cluster", [...FEW, "--json"], [...BAD, "cluster"]),
      connections("loud", [...FEW, "--protocol", "tcp", "--json"], [...BAD, "gigabyte", "::1"]),
    ]);
    const answer = JSON.parse(workers.stdout) as Answer;
    expect(answer.rows.map(({ processes }) => processes)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(answer.fit.perUnitBytes).toHaveProperty("value");
    expect((JSON.parse(loud.stdout) as Answer).rows.map(({ connections: count }) => count)).toEqual([
      0, 0, 20, 40, 80, 0,
    ]);
  },
  180_000,
);

test.runIf(isLinux).each(["SIGINT", "SIGKILL"] as const)(
  "%s to bytesper leaves no process of a server that ignores polite signals",
  async (signal) => {
    const mark = `stubborn ${signal}`;
    const child = spawn(
      process.execPath,
      [MAIN, "connections", "--clients", "50,100", "--protocol", "tcp", "--", ...BAD, "stubborn"],
      { env: { ...process.env, BYTESPER_TEST_MARK: mark }, stdio: "ignore" },
    );
    const ended = once(child, "exit");
    // The command itself, the server, what the server started, and the clients.
    await expect.poll(() => processesWith(mark).length, { timeout: 60_000 }).toBeGreaterThanOrEqual(4);
    child.kill(signal);
    await ended;
    await expect.poll(() => processesWith(mark), { timeout: 60_000 }).toEqual([]);
    if (signal === "SIGINT") expect(child.exitCode).toBe(130);
  },
  180_000,
);

test.runIf(isLinux)("a port that another program holds is told with the server's own words", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const port = String((other.address() as AddressInfo).port);
  const { stderr, code } = await connections("taken", FEW, [...BAD, "taken", port]);
  expect(stderr).toContain("The server ended before it listened (code 1: Error: listen EADDRINUSE");
  expect(code).toBe(1);
  other.close();
});
