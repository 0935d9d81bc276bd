import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../../base/errors.js";
import { visible } from "../../base/table/visible.js";
import { endTree } from "../../system/end-tree.js";
import { openFiles, openFilesLimit } from "../../system/open-files.js";
import { ProcessTree } from "../../system/process-tree.js";
import type { TcpSocket } from "../../system/sockets.js";
import { listeningPaths, listeningSockets, socketInodes, tcpSockets } from "../../system/sockets.js";

export interface ServerOptions {
  command: readonly [string, ...string[]];
  /** Where it is known on which port it listens. */
  port?: number;
  listenMs: number;
  signal: AbortSignal;
}

/** Where a server listens, and the process that does. */
export interface Listening {
  pid: number;
  host: string;
  port: number;
}

const LOOK_MS = 50;
/** A server may open a second port a moment after the first. */
const SAME_PORTS_MS = 400;
const GRACE_MS = 2000;
const LAST_WORDS = 4000;
const LAST_WORDS_MS = 500;
const ANY_PORT = fileURLToPath(new URL("./any-inspector-port.cjs", import.meta.url));
/** Opens no inspector. In NODE_OPTIONS a path is quoted like a JSON text. */
const PRELOAD = `--require ${JSON.stringify(ANY_PORT)}`;

/** The user's server, with all processes that it starts. */
export class Server {
  readonly #tree: ProcessTree;
  readonly #child: ChildProcess;
  #words = "";
  #end: string | undefined;
  #closed = false;

  private constructor(child: ChildProcess, pid: number, mark: string) {
    this.#child = child;
    this.#tree = new ProcessTree(pid, mark);
    // What it prints is read to the end: a server whose pipe is full would stop, or keep it in memory.
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (piece: Buffer) => {
        this.#words = (this.#words + piece.subarray(-LAST_WORDS).toString()).slice(-LAST_WORDS);
      });
    child.on("close", () => (this.#closed = true));
    child.on("exit", (code, signal) => {
      this.#end = signal === null ? `code ${code ?? 0}` : signal;
    });
  }

  static start({ command }: ServerOptions, mark: string): Promise<Server> {
    const [file, ...args] = command;
    const [name = "", value = ""] = mark.split("=");
    const child = spawn(file, args, {
      // Its own group: a terminal's interrupt goes to bytesper, which ends the whole tree.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        [name]: value,
        NODE_OPTIONS: [process.env.NODE_OPTIONS, PRELOAD].filter(Boolean).join(" "),
      },
    });
    return new Promise((done, failed) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        const why =
          error.code === "ENOENT"
            ? "there is no such program"
            : error.code === "EACCES"
              ? "it may not be run"
              : error.message;
        failed(new BytesperError("USAGE", `The server "${file}" cannot be started: ${why}.`));
      });
      child.once("spawn", () => {
        done(new Server(child, child.pid as number, mark));
      });
    });
  }

  /** The living processes of its tree, parents first. */
  processes(): number[] {
    return this.#tree.refresh(true).map(({ pid }) => pid);
  }

  /** Start times tell a process from another one that took its id. */
  identities(): string {
    return this.#tree
      .refresh(true)
      .map(({ pid, startTicks }) => `${pid}:${startTicks}`)
      .join(" ");
  }

  hasEnded(): boolean {
    return this.processes().length === 0;
  }

  /** How it ended, with what it printed last, as a clause. */
  async ending(): Promise<string> {
    // What it printed may arrive after it is gone.
    if (!this.#closed) await Promise.race([once(this.#child, "close"), wait(LAST_WORDS_MS)]);
    const last = this.lastWords();
    return `${this.#end ?? "its processes are gone"}${last === "" ? "" : `: ${last}`}`;
  }

  /** The line of its last words that says most: the message of an error, else the last one. */
  lastWords(): string {
    const lines = this.#words.split("\n").map((line) => line.trim());
    const error = lines.findLast((line) =>
      /^(?:\w+Error|Error|Uncaught \w+|thread '.*' panicked)\b.*: /.test(line),
    );
    return visible(error ?? lines.findLast((line) => line !== "") ?? "").slice(0, 300);
  }

  /** Waits until a process of the tree listens on one port. Throws what it does instead. */
  async listening({ port, listenMs, signal }: ServerOptions): Promise<Listening> {
    const until = performance.now() + listenMs;
    let before = "";
    let since = performance.now();
    for (;;) {
      if (signal.aborted) throw interrupted();
      const pids = this.processes();
      if (pids.length === 0)
        throw new BytesperError(
          "CELL_FAILED",
          `The server ended before it listened (${await this.ending()}).`,
        );
      const found = pids.flatMap((pid) => listeningSockets(pid).map((socket) => ({ pid, socket })));
      const wanted = port === undefined ? found : found.filter(({ socket }) => socket.port === port);
      const now = wanted.map(({ socket }) => socket.port).join(" ");
      if (now !== before) [before, since] = [now, performance.now()];
      else if (wanted.length > 0 && performance.now() - since >= SAME_PORTS_MS) return onePort(wanted);
      if (performance.now() > until) throw this.#neverListens(pids, found, port, listenMs);
      await wait(LOOK_MS);
    }
  }

  #neverListens(
    pids: readonly number[],
    found: readonly { socket: TcpSocket }[],
    port: number | undefined,
    listenMs: number,
  ): BytesperError {
    const paths = pids.flatMap(listeningPaths);
    const where =
      found.length > 0
        ? `it listens on ${[...new Set(found.map(({ socket }) => socket.port))].join(", ")} and not on ${port ?? 0}; give another --port`
        : paths.length > 0
          ? `it listens on the Unix socket ${visible(paths[0] ?? "")} alone; let it listen on a TCP port`
          : `it listens on no TCP port; a server in a container or on another machine is not a process of its command; --listen gives it more time`;
    const last = this.lastWords();
    return new BytesperError(
      "CELL_FAILED",
      `After ${listenMs / 1000} s the server does not listen: ${where}${last === "" ? "" : ` (its last line: ${last})`}.`,
    );
  }

  /** Connections to the port that a program has accepted, and those that still wait for that. */
  connections({ pid, port }: Listening): { accepted: number; waiting: number } {
    const mine = tcpSockets(pid).filter((socket) => socket.port === port && socket.state === "established");
    const accepted = mine.filter(({ inode }) => inode !== 0).length;
    return { accepted, waiting: mine.length - accepted };
  }

  /** How many files its processes may still open; undefined where that cannot be read. */
  filesLeft(): number | undefined {
    let left: number | undefined;
    for (const pid of this.processes()) {
      const [limit, open] = [openFilesLimit(pid), openFiles(pid)];
      if (limit !== undefined && open !== undefined) left = Math.max(left ?? 0, limit - open);
    }
    return left;
  }

  /** How many connections to the port each of its processes holds. */
  accepted({ pid, port }: Listening): Map<number, number> {
    const inodes = new Set(
      tcpSockets(pid)
        .filter((socket) => socket.port === port && socket.state === "established")
        .map(({ inode }) => inode),
    );
    return new Map(
      this.processes().map((each) => [
        each,
        [...socketInodes(each)].filter((inode) => inodes.has(inode)).length,
      ]),
    );
  }

  /** Ends every process of the tree. */
  async end(): Promise<void> {
    await endTree(this.#tree, GRACE_MS);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }
}

/** Processes may share one port, as the workers of a cluster do. */
function onePort(found: readonly { pid: number; socket: TcpSocket }[]): Listening {
  const ports = [...new Set(found.map(({ socket }) => socket.port))].sort((a, b) => a - b);
  const [only] = ports;
  if (only === undefined || ports.length > 1)
    throw new BytesperError(
      "USAGE",
      `The server listens on several ports (${ports.join(", ")}); say with --port which one to connect to.`,
    );
  const addresses = found.map(({ socket }) => socket.address);
  const address =
    ["127.0.0.1", "0.0.0.0", "::", "::1"].find((each) => addresses.includes(each)) ?? addresses[0] ?? "";
  const host = { "0.0.0.0": "127.0.0.1", "::": "::1" }[address] ?? address;
  return { pid: found[0]?.pid ?? 0, host, port: only };
}

export function interrupted(): BytesperError {
  return new BytesperError("INTERRUPTED", "Interrupted; the server and its clients were ended.");
}

/** An entry of the environment that only the processes of one server have. */
export function newMark(): string {
  return `BYTESPER_CONNECTIONS=${randomUUID()}`;
}

/** A call, because the compiler takes the property of a signal for constant between two awaits. */
export function isInterrupted(signal: AbortSignal): boolean {
  return signal.aborted;
}
