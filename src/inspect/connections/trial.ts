import { setTimeout as wait } from "node:timers/promises";
import { counted, fixed } from "../../base/format.js";
import type { Reading } from "../../system/probe/reading.js";
import type { Absent } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import { BytesperError } from "../../base/errors.js";
import type { CrowdState } from "./client/crowd.js";
import type { Clients } from "./clients.js";
import type { Inside, InsideReading } from "./inside.js";
import { socketMemory } from "./kernel-sockets.js";
import type { TreeMemory } from "./memory.js";
import { readTree, untilStill } from "./memory.js";
import type { Listening, Server } from "./server.js";
import { interrupted, isInterrupted } from "./server.js";

/** One reading of the server at rest, after garbage was collected where that is possible. */
export interface LevelReading {
  connections: number;
  memory: TreeMemory;
  /** PSS without pages of files, before garbage was collected. */
  uncollectedBytes: number;
  inside: InsideReading | Absent;
  socketBytes: Reading;
  still: boolean;
  /** How much the last two readings differ. */
  noiseBytes: number;
  /** Connections that the server's program has not accepted. */
  waiting: number;
}

/** Why a level could not be held. */
export interface LevelEnd {
  level: number;
  /** How many connections were held; those of the level before, where the server ended. */
  connections: number;
  /** Whether the server, or a process of it, ended. */
  died: boolean;
  reason: string;
}

const STILL_MS = 10_000;
const REST_MS = 2000;
const MOST_READINGS = 6;
const AGREE_BYTES = 2 ** 15;
const AGREE_SHARE = 0.0005;

/** A server under measurement, with its clients. */
export class Trial {
  readonly server: Server;
  readonly place: Listening;
  readonly inside: Inside;
  readonly clients: Clients;
  readonly #signal: AbortSignal;
  readonly #first: string;
  #held = 0;

  constructor(server: Server, place: Listening, inside: Inside, clients: Clients, signal: AbortSignal) {
    this.server = server;
    this.place = place;
    this.inside = inside;
    this.clients = clients;
    this.#signal = signal;
    this.#first = server.identities();
  }

  /** Whether processes of the server ended and others took their place. */
  hasRestarted(): boolean {
    const now = new Set(this.server.identities().split(" "));
    return this.#first.split(" ").some((process) => !now.has(process));
  }

  /** Opens up to so many connections, and reads. The answer says why where they cannot be held. */
  async level(count: number): Promise<LevelReading | LevelEnd> {
    const refusal = this.#filesFor(count);
    if (refusal !== undefined) return { level: count, connections: this.#held, died: false, reason: refusal };
    const grown = await this.clients.grow(count);
    const unheld = await this.#end(count, grown);
    if (unheld !== undefined) return unheld;
    const reading = await this.read(count);
    const later = await this.#end(count, await this.clients.state());
    if (later !== undefined) return later;
    if (isAbsent(reading)) return { level: count, connections: count, died: true, reason: reading.absent };
    this.#held = count;
    return reading;
  }

  /** Why so many connections are not held; undefined if they are. */
  async #end(count: number, state: CrowdState): Promise<LevelEnd | undefined> {
    const died = this.server.hasEnded() || this.hasRestarted();
    if (state.open >= count && state.failed === undefined && !died) return undefined;
    const reason = await this.#why(state, count, state.failed);
    return { level: count, connections: died ? this.#held : state.open, died, reason };
  }

  /** Closes all and reads what stays. */
  async close(): Promise<LevelReading | Absent> {
    await this.clients.close();
    // The server learns of it a moment later.
    const until = performance.now() + STILL_MS / 4;
    while (
      this.server.connections(this.place).accepted > 0 &&
      performance.now() < until &&
      !this.#signal.aborted
    )
      await wait(50);
    return this.read(0);
  }

  async read(connections: number): Promise<LevelReading | Absent> {
    const pids = (): number[] => this.server.processes();
    const still = await untilStill(pids, STILL_MS, this.#signal);
    await this.clients.rest();
    const rests = (await untilStill(pids, REST_MS, this.#signal)) || still;
    if (this.#signal.aborted) throw interrupted();
    const socketBytes = await socketMemory(this.place.port);
    const uncollected = readTree(pids());
    if (isAbsent(uncollected)) return uncollected;
    let noiseBytes = Infinity;
    let memory = uncollected;
    let inside: InsideReading | Absent = { absent: "not read" };
    for (let turn = 0; turn < MOST_READINGS; turn++) {
      await this.inside.collect().catch(() => undefined);
      inside = await this.inside.read(pids());
      const now = readTree(pids());
      if (isAbsent(now)) return now;
      noiseBytes = turn === 0 ? Infinity : Math.abs(now.ownBytes - memory.ownBytes);
      memory = now;
      if (noiseBytes <= Math.max(AGREE_BYTES, AGREE_SHARE * now.ownBytes)) break;
      await wait(50);
    }
    if (isInterrupted(this.#signal)) throw interrupted();
    return {
      connections,
      memory,
      uncollectedBytes: uncollected.ownBytes,
      inside,
      socketBytes,
      still: rests,
      noiseBytes,
      waiting: this.server.connections(this.place).waiting,
    };
  }

  /** Why so many connections are more than the server may have. Processes that share the work may each have so many. */
  #filesFor(count: number): string | undefined {
    const left = this.server.filesLeft();
    const more = count - this.server.connections(this.place).accepted;
    if (left === undefined || more <= left) return undefined;
    return `the server may open ${fixed(left, 0)} more files and needs ${fixed(more, 0)} for ${counted(count, "connection")}; start it with a higher limit, such as ulimit -n ${count + 1000}`;
  }

  async #why({ open, lost }: CrowdState, count: number, failed: string | undefined): Promise<string> {
    if (this.server.hasEnded()) return `the server ended (${await this.server.ending()})`;
    if (this.hasRestarted()) return `a process of the server ended and another took its place`;
    if (failed !== undefined && /EADDRNOTAVAIL/.test(failed))
      return "the clients have no local ports left (EADDRNOTAVAIL); widen net.ipv4.ip_local_port_range";
    if (failed !== undefined && /EMFILE|ENFILE/.test(failed))
      return "the clients may open no more files; raise the limit with ulimit -n";
    if (failed !== undefined && lost === 0) return failed;
    return `the server closed ${fixed(count - open, 0)} of ${counted(count, "connection")}${failed === undefined ? "" : ` (${failed})`}`;
  }
}

/** Reads a server with nothing open. */
export function required(reading: LevelReading | Absent): LevelReading {
  if (isAbsent(reading))
    throw new BytesperError("CELL_FAILED", `The server's memory cannot be read: ${reading.absent}.`);
  return reading;
}
