import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { bytesper, otherNodes, ROOT } from "./cli.js";

const SERVER = join(ROOT, "test/fixtures/leaks/server.mjs");

interface Running {
  child: ChildProcess;
  pid: string;
  state: () => Promise<{ sessions: number; handles: number; flags: string[] }>;
  /** What it printed of its inspectors. */
  inspectors: () => string[];
}

/** Starts the server; the inspector, if it is opened, gets a free port. */
async function started(node: string, flag: string): Promise<Running> {
  const child = spawn(node, [flag, SERVER], { stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  child.stderr.on("data", (piece: Buffer) => (words += piece.toString()));
  const port = await new Promise<string>((done) => {
    child.stdout.once("data", (piece: Buffer) => {
      done(piece.toString().trim());
    });
  });
  return {
    child,
    pid: String(child.pid),
    state: async () => (await fetch(`http://127.0.0.1:${port}/`)).json() as ReturnType<Running["state"]>,
    inspectors: () =>
      [...words.matchAll(/listening on ws:\/\/(127\.0\.0\.1:\d+)/g)].map(([, place = ""]) => place),
  };
}

const isOpen = (place: string): Promise<boolean> =>
  fetch(`http://${place}/json/version`).then(
    () => true,
    () => false,
  );

test.runIf(process.platform === "linux").each([process.execPath, ...otherNodes()])(
  "a process under load of %s is counted by its id, and left as it was",
  async (node) => {
    const running = await started(node, "--inspect-port=127.0.0.1:0");
    try {
      const before = await running.state();
      const { code, stdout, stderr } = await bytesper([
        "attach",
        running.pid,
        "--count",
        "Session",
        "--json",
      ]);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/has no inspector open\. It gets SIGUSR1/);
      const answer = JSON.parse(stdout) as {
        pid: number;
        readings: { heapUsedBytes: number; pssBytes: number }[];
        count: { alive: number; inSnapshot: number; perInstanceBytes: number };
        longestPauseMs: number;
        done: string[];
      };
      expect(answer.pid).toBe(running.child.pid);
      // The object, its view, the view's buffer and 1,000 bytes of data.
      expect(answer.count.perInstanceBytes).toBeGreaterThan(1000 + 180);
      expect(answer.count.perInstanceBytes).toBeLessThan(1000 + 260);
      expect(Math.abs(answer.count.alive / before.sessions - 1)).toBeLessThan(0.01);
      expect(Math.abs(answer.count.inSnapshot / before.sessions - 1)).toBeLessThan(0.01);
      expect(answer.longestPauseMs).toBeGreaterThan(0);
      expect(answer.done.at(-1)).toBe("the inspector was closed again");
      expect(await running.state()).toEqual(before);
      const [place = ""] = running.inspectors();
      expect(place).not.toBe("");
      expect(await isOpen(place)).toBe(false);
    } finally {
      running.child.kill("SIGKILL");
    }
  },
);

// A debugger that has stopped the program, as one does at a breakpoint.
test.runIf(process.platform === "linux")(
  "beside another client of the inspector, on any port and while the program is stopped, both get their answers",
  async () => {
    const running = await started(process.execPath, "--inspect=127.0.0.1:0");
    const [place = ""] = running.inspectors();
    const [{ webSocketDebuggerUrl }] = (await (await fetch(`http://${place}/json/list`)).json()) as [
      { webSocketDebuggerUrl: string },
    ];
    const other = new WebSocket(webSocketDebuggerUrl);
    const next = (key: "id" | "method", value: unknown): Promise<unknown> =>
      new Promise((done) => {
        other.on("message", (text: Buffer) => {
          const message = JSON.parse(text.toString()) as Record<string, unknown>;
          if (message[key] === value) done(message.result);
        });
      });
    try {
      await new Promise<void>((done) => {
        other.on("open", done);
      });
      const paused = next("method", "Debugger.paused");
      other.send('{"id":1,"method":"Debugger.enable"}');
      other.send('{"id":2,"method":"Debugger.pause"}');
      await paused;
      const { code, stdout, stderr } = await bytesper(["attach", running.pid, "--json"]);
      expect(code, stderr).toBe(0);
      expect((JSON.parse(stdout) as { pid: number }).pid).toBe(running.child.pid);
      const answer = next("id", 3);
      other.send('{"id":3,"method":"Runtime.evaluate","params":{"expression":"6 * 7"}}');
      expect(await answer).toMatchObject({ result: { value: 42 } });
      expect(await isOpen(place)).toBe(true);
    } finally {
      other.terminate();
      running.child.kill("SIGKILL");
    }
  },
);

test("an inspector that was open stays open", async () => {
  const running = await started(process.execPath, "--inspect=127.0.0.1:0");
  try {
    await expect.poll(() => running.inspectors().length).toBe(1);
    const [place = ""] = running.inspectors();
    const { code, stdout } = await bytesper(["attach", place], { env: { COLUMNS: "80" } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/it was not stopped\.\n/);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(await isOpen(place)).toBe(true);
  } finally {
    running.child.kill("SIGKILL");
  }
});

test("what is not a Node process of one's own is refused and not touched", async () => {
  const sleeper = spawn("sleep", ["60"]);
  const other = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1");
  await new Promise((done) => other.once("listening", done));
  try {
    for (const [target, words] of [
      [String(sleeper.pid), /is sleep, not Node/],
      ["4194304", /No process 4194304 runs here/],
      [`127.0.0.1:${(other.address() as AddressInfo).port}`, /answers, but not as an inspector of Node/],
      ["127.0.0.1:2", /127\.0\.0\.1:2/],
      ["example.org:9229", /is another machine/],
      ["server", /neither a process id nor HOST:PORT/],
    ] as const) {
      const { code, stderr } = await bytesper(["attach", target]);
      expect(stderr).toMatch(words);
      expect(code).toBe(2);
    }
    expect(sleeper.exitCode).toBeNull();
    expect(sleeper.signalCode).toBeNull();
  } finally {
    sleeper.kill("SIGKILL");
    other.close();
  }
});
