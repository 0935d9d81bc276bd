import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Says "ready", counts the interrupts it hears for half a second after the first, and exits with 40 + their number. */
const COUNTER = `
  let heard = 0;
  process.on("SIGINT", () => { heard += 1; if (heard === 1) setTimeout(() => process.exit(40 + heard), 500); });
  setTimeout(() => process.exit(1), 20000);
  console.log("ready " + process.pid);`;

interface Running {
  child: ChildProcess;
  pid: number;
  /** What the command prints first: "ready" and its process id. */
  commandPid: Promise<number>;
  end: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The set-up runs COUNTER in a process group of its own, as a shell with a terminal would start it. */
function start(command: string[]): Running {
  const child = spawn(process.execPath, ["scripts/setup.mjs", "--packages", "--", ...command], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const commandPid = new Promise<number>((resolve) => {
    child.stdout.setEncoding("utf8").once("data", (text: string) => {
      resolve(Number(text.trim().split(" ")[1]));
    });
  });
  const end = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal });
    });
  });
  return { child, pid: child.pid ?? 0, commandPid, end };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it("an interrupt of the whole group reaches the command once, and its exit code is passed on", async () => {
  const { pid, commandPid, end } = start(["node", "-e", COUNTER]);
  await commandPid;
  process.kill(-pid, "SIGINT");
  expect(await end).toEqual({ code: 41, signal: null });
});

it("an interrupt that comes twice at once, from the terminal and from npm, reaches the command once", async () => {
  const { pid, commandPid, end } = start(["node", "-e", COUNTER]);
  await commandPid;
  process.kill(-pid, "SIGINT");
  await sleep(20);
  process.kill(pid, "SIGINT");
  expect(await end).toEqual({ code: 41, signal: null });
});

it("a second interrupt of an impatient user reaches the command too", async () => {
  const { pid, commandPid, end } = start(["node", "-e", COUNTER]);
  await commandPid;
  process.kill(-pid, "SIGINT");
  await sleep(300);
  process.kill(-pid, "SIGINT");
  expect(await end).toEqual({ code: 42, signal: null });
});

it("a command that dies of a signal lets the set-up die of it", async () => {
  const { pid, commandPid, end } = start([
    "node",
    "-e",
    'console.log("ready 1"); setTimeout(() => {}, 20000);',
  ]);
  await commandPid;
  process.kill(pid, "SIGTERM");
  expect(await end).toEqual({ code: null, signal: "SIGTERM" });
});

it("a set-up that is killed leaves no command running", async () => {
  const { pid, commandPid, end } = start(["node", "-e", COUNTER]);
  const command = await commandPid;
  process.kill(pid, "SIGKILL");
  await end;
  for (let waited = 0; exists(command) && waited < 10_000; waited += 50) await sleep(50);
  expect(exists(command)).toBe(false);
});
