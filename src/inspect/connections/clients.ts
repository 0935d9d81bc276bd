import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../../base/errors.js";
import { openFilesLimit } from "../../system/open-files.js";
import type { Target } from "./client/connection.js";
import type { CrowdState } from "./client/crowd.js";
import type { Detected, Protocol } from "./client/detect.js";
import type { ClientOrder, ClientSettings } from "./client/entry.js";

const ENTRY = fileURLToPath(new URL("./client/entry.js", import.meta.url));
/** Files that a client process has open beside its connections. */
const OWN_FILES = 64;
/** One process drives so many connections with ease. */
const MOST_EACH = 20_000;
const LAST_WORDS = 2000;

class Client {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { done: (value: unknown) => void; failed: (error: Error) => void }>();
  #next = 0;
  #words = "";

  constructor(mark: string) {
    // Its own session: a terminal's interrupt is for bytesper alone.
    this.#child = spawn(process.execPath, [ENTRY, mark], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      detached: true,
    });
    this.#child.stderr?.on("data", (piece: Buffer) => {
      this.#words = (this.#words + piece.toString()).slice(-LAST_WORDS);
    });
    this.#child.on("message", (message) => {
      const { id, value, error } = message as { id: number; value?: unknown; error?: string };
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.done(value);
      else waiting?.failed(new BytesperError("CELL_FAILED", `${error}.`));
    });
    this.#child.on("close", (code, signal) => {
      const last = this.#words.trim().split("\n").at(-1) ?? "";
      for (const { failed } of this.#waiting.values())
        failed(
          new BytesperError(
            "CELL_FAILED",
            `The process of the clients ended (${String(signal ?? code)})${last === "" ? "" : `: ${last}`}.`,
          ),
        );
      this.#waiting.clear();
    });
    this.#child.on("error", () => undefined);
  }

  ask(order: ClientOrder): Promise<unknown> {
    const id = ++this.#next;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      this.#child.send({ id, order }, (error) => {
        if (error === null) return;
        this.#waiting.delete(id);
        failed(new BytesperError("CELL_FAILED", "The process of the clients has ended."));
      });
    });
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

/** How many connections one client process may hold. */
function eachHolds(): number {
  return Math.max(1, Math.min(MOST_EACH, (openFilesLimit() ?? MOST_EACH) - OWN_FILES));
}

/** The clients: in processes of their own, outside the tree of the server. */
export class Clients {
  readonly #clients: Client[];
  readonly #each = eachHolds();

  constructor(most: number, mark: string) {
    this.#clients = Array.from({ length: Math.ceil(most / this.#each) }, () => new Client(mark));
  }

  settings(settings: Omit<ClientSettings, "first">): void {
    this.#clients.forEach((client, place) => {
      const first = place * this.#each;
      client.ask({ do: "settings", settings: { ...settings, first } }).catch(() => undefined);
    });
  }

  async detect(target: Target, path: string | undefined): Promise<Detected> {
    return (await this.#first.ask({
      do: "detect",
      target,
      ...(path === undefined ? {} : { path }),
    })) as Detected;
  }

  async start(target: Target, protocol: Protocol): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.ask({ do: "start", target, protocol })));
  }

  /** Opens until `count` connections are held by all clients together. */
  async grow(count: number): Promise<CrowdState> {
    const states: CrowdState[] = [];
    for (const [place, client] of this.#clients.entries()) {
      const share = Math.max(0, Math.min(this.#each, count - place * this.#each));
      states.push((await client.ask({ do: "grow", count: share })) as CrowdState);
    }
    return together(states);
  }

  async rest(): Promise<CrowdState> {
    return together(
      (await Promise.all(this.#clients.map((client) => client.ask({ do: "rest" })))) as CrowdState[],
    );
  }

  async state(): Promise<CrowdState> {
    return together(
      (await Promise.all(this.#clients.map((client) => client.ask({ do: "state" })))) as CrowdState[],
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.ask({ do: "close" })));
  }

  end(): void {
    for (const client of this.#clients) client.end();
  }

  get #first(): Client {
    return this.#clients[0] as Client;
  }
}

function together(states: readonly CrowdState[]): CrowdState {
  const sum = (of: (state: CrowdState) => number): number =>
    states.reduce((total, state) => total + of(state), 0);
  const failed = states.find((state) => state.failed !== undefined)?.failed;
  return {
    open: sum(({ open }) => open),
    lost: sum(({ lost }) => lost),
    reopened: sum(({ reopened }) => reopened),
    ...(failed === undefined ? {} : { failed }),
  };
}
