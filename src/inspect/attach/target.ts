import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { basename } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { listeningSockets } from "../../system/sockets.js";

/** Where an inspector listens, and whether it was opened for this visit. */
export interface Target {
  url: string;
  host: string;
  port: number;
  opened: boolean;
}

interface TargetOptions {
  remote: boolean;
  say: (message: string) => void;
  /** The process takes any free port but this one for its inspector, though its flags do not say so. */
  anyPortBut?: number;
}

const OPEN_MS = 5000;

/** Finds or opens the inspector of a process, or takes the address of one. */
export async function findTarget(text: string, { remote, say, anyPortBut }: TargetOptions): Promise<Target> {
  if (/^\d+$/.test(text)) return ofPid(Number(text), say, anyPortBut);
  const [, given = "", digits = ""] = /^(?:ws:\/\/|http:\/\/)?(\[[^\]]+\]|[^:/]*):(\d+)/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port < 1 || port > 65535)
    throw bad(`"${text}" is neither a process id nor HOST:PORT; give one such as 12345 or 127.0.0.1:9229`);
  const host = given === "" ? "127.0.0.1" : given.replace(/^\[|\]$/g, "");
  if (!remote && !/^(127\.\d+\.\d+\.\d+|localhost|::1)$/.test(host))
    throw bad(
      `${host} is another machine, and an inspector lets anyone who reaches it run code; forward its port to here (ssh -L, kubectl port-forward), or give --remote`,
    );
  const url = await urlAt(host, port);
  return { url, host, port, opened: false };
}

async function ofPid(pid: number, say: (message: string) => void, anyPortBut?: number): Promise<Target> {
  if (process.platform !== "linux")
    throw bad(
      `A process can be found by its id on Linux only; start it with --inspect and give 127.0.0.1:9229`,
    );
  requireOwnNode(pid);
  const { named, opensAny } = inspectorPorts(pid);
  // The other ports are the program's own: a request to one of them would be work for it.
  const isLikely = (port: number): boolean =>
    anyPortBut === undefined ? named.has(port) : port !== anyPortBut;
  // Node opens the inspector of --inspect=0 before the program can open a port.
  const first = opensAny ? listening(pid).slice(0, 1) : [];
  for (const port of new Set([...first, ...listening(pid).filter(isLikely)])) {
    const url = await urlAt("127.0.0.1", port).catch(() => undefined);
    if (url !== undefined) return { url, host: "127.0.0.1", port, opened: false };
  }
  const before = new Set(listening(pid));
  say(
    `Process ${pid} has no inspector open. It gets SIGUSR1, which makes Node open one on 127.0.0.1 (and runs the program's own handler of that signal, if it has one); at the end it is closed again.`,
  );
  process.kill(pid, "SIGUSR1");
  for (const until = performance.now() + OPEN_MS; performance.now() < until;) {
    await wait(50);
    for (const port of listening(pid)) {
      if (before.has(port) || !(isLikely(port) || named.has(0))) continue;
      const url = await urlAt("127.0.0.1", port).catch(() => undefined);
      if (url !== undefined) return { url, host: "127.0.0.1", port, opened: true };
    }
  }
  throw bad(
    `Process ${pid} opened no inspector within ${OPEN_MS / 1000} s: another process may hold port 9229, the program may handle SIGUSR1 itself, or it is too busy; start it with --inspect=127.0.0.1:0 and give that port`,
  );
}

/** SIGUSR1 ends a process that does not expect it, so all must be certain before. */
function requireOwnNode(pid: number): void {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    throw bad(
      `No process ${pid} runs here; look for it with pgrep -a node (in a container, ids are its own)`,
    );
  }
  const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
  const own = process.getuid?.() ?? 0;
  if (own !== 0 && uid !== own)
    throw bad(`Process ${pid} belongs to another user (${uid}); run bytesper as that user`);
  let program: string;
  try {
    program = basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ""));
  } catch {
    throw bad(`Process ${pid} cannot be looked into; run bytesper as its user, in its container`);
  }
  const caught = BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  const SIGUSR1 = 10n;
  if (!/^node/i.test(program) || ((caught >> (SIGUSR1 - 1n)) & 1n) === 0n)
    throw bad(
      `Process ${pid} is ${program}${/^node/i.test(program) ? ", which does not expect SIGUSR1" : ", not Node"}; give the id of a Node process, or HOST:PORT of an inspector that is open`,
    );
}

/**
 * The ports on which Node may open an inspector: 9229, and those that its flags name. 0 stands for any. `opensAny`: it
 * opened one on any port when it started.
 */
function inspectorPorts(pid: number): { named: Set<number>; opensAny: boolean } {
  const named = new Set([9229]);
  let opensAny = false;
  for (const file of ["cmdline", "environ"]) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      continue;
    }
    for (const [, flag = "", port] of text.matchAll(
      /--(inspect(?:-brk|-wait|-port)?|debug-port)[=\0 ](?:[^\0 ]*:)?(\d+)(?=[\0 ]|$)/g,
    )) {
      named.add(Number(port));
      opensAny ||= Number(port) === 0 && !flag.endsWith("-port");
    }
  }
  return { named, opensAny };
}

/** The ports on which a process listens, the oldest first. */
function listening(pid: number): number[] {
  return listeningSockets(pid)
    .sort((a, b) => a.inode - b.inode)
    .map(({ port }) => port);
}

const HTTP_MS = 2000;

/** The address of the session that an inspector offers. Throws what else answers there. */
async function urlAt(host: string, port: number): Promise<string> {
  const place = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  let targets: unknown;
  try {
    const answer = await fetch(`http://${place}/json/list`, { signal: AbortSignal.timeout(HTTP_MS) });
    targets = await answer.json();
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    throw bad(
      cause === "ECONNREFUSED"
        ? `Nothing listens on ${place}; start the process with --inspect, or give its id`
        : `${place} answers, but not as an inspector of Node`,
    );
  }
  const [first] = Array.isArray(targets)
    ? (targets as { type?: string; webSocketDebuggerUrl?: string }[])
    : [];
  if (first === undefined) throw bad(`${place} answers, but not as an inspector of Node`);
  if (first.type !== "node")
    throw bad(`${place} is an inspector of ${first.type ?? "something else"}, not of Node`);
  if (first.webSocketDebuggerUrl === undefined)
    throw bad(`The inspector at ${place} is held by another client; end that session and try again`);
  return first.webSocketDebuggerUrl;
}

function bad(message: string): BytesperError {
  return new BytesperError("BAD_INPUT", `${message}.`);
}

/** Whether nothing listens there any more. */
export async function isClosed({ host, port }: Target): Promise<boolean> {
  for (let turn = 0; turn < 40; turn++) {
    const open = await urlAt(host, port).then(
      () => true,
      () => false,
    );
    if (!open) return true;
    await wait(50);
  }
  return false;
}
