import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { temporaryFolder } from "../../system/temporary.js";
import { BytesperError } from "../../base/errors.js";
import { importable, requireModuleFile } from "../../experiment/compile.js";
import { isAbsent } from "../../system/probe/reading.js";
import { inspectSnapshots } from "../snapshot/index.js";
import type { Breakdown, ConnectionsAnswer } from "./answer.js";
import { answerOf } from "./answer.js";
import type { Detected, Protocol } from "./client/detect.js";
import { Clients } from "./clients.js";
import type { TrialData } from "./fit.js";
import { fitOf, resolutionOf } from "./fit.js";
import { Inside } from "./inside.js";
import { untilStill } from "./memory.js";
import { interrupted, isInterrupted, newMark, Server } from "./server.js";
import type { LevelEnd } from "./trial.js";
import { required, Trial } from "./trial.js";

export interface ConnectionsOptions {
  command: readonly [string, ...string[]];
  /** Numbers of connections, the least first. */
  levels: readonly number[];
  /** Whether larger levels may take their place, where these are too few for a number that is sure. */
  deepen?: boolean;
  trials: number;
  protocol?: Protocol;
  path?: string;
  port?: number;
  /** A module of the user's that connects. */
  client?: string;
  messages: number;
  template?: string;
  /** Whether one more server is asked for heap snapshots. */
  snapshot: boolean;
  listenMs: number;
  signal: AbortSignal;
  progress: (finished: number, total: number, label: string) => void;
}

const START_MS = 15_000;
/** A number that is uncertain by less of itself needs no further connections. */
const SURE = 0.03;
/** Local ports of one address, as Linux deals them out, are 28,000. */
const MOST_CONNECTIONS = 10_000;

/** Bytes of one connection of a user's server. Throws why nothing could be measured. */
export async function measureConnections(options: ConnectionsOptions): Promise<ConnectionsAnswer> {
  if (process.platform !== "linux")
    throw new BytesperError("BAD_INPUT", "The memory of a server is read from /proc, which only Linux has.");
  if (options.protocol === "sse" && options.messages > 0 && options.client === undefined)
    throw new BytesperError(
      "USAGE",
      "Server-sent events go one way; leave --messages out, or give a --client that sends them.",
    );
  if (options.client !== undefined) requireModuleFile(resolve(options.client), options.client, "BAD_SUBJECT");
  const ready = options.client === undefined ? undefined : await importable(options.client);
  try {
    return await new Measurement(options, ready?.url).run();
  } finally {
    ready?.dispose();
  }
}

/** The trials of one call, and what they found out about the server. */
class Measurement {
  readonly #options: ConnectionsOptions;
  readonly #clientUrl: string | undefined;
  readonly #trials: TrialData[] = [];
  #levels: readonly number[];
  #planned: readonly number[];
  /** How many connections the server and the system leave room for. */
  #room = 0;
  #detected: Detected | undefined;
  #end: LevelEnd | undefined;
  #where = "";
  #node = "";
  #finished = 0;
  #breakdown: Breakdown = { absent: "not asked for" };
  #reopened = 0;
  /** Why the trials ended before the last one. */
  #stopped: BytesperError | undefined;

  constructor(options: ConnectionsOptions, clientUrl: string | undefined) {
    this.#options = options;
    this.#clientUrl = clientUrl;
    this.#levels = this.#planned = options.levels;
    const { protocol, path = "/", client } = options;
    if (protocol !== undefined || client !== undefined)
      this.#detected = { protocol: protocol ?? "tcp", path };
  }

  async run(): Promise<ConnectionsAnswer> {
    const { trials, snapshot } = this.#options;
    const useful = (): number => this.#trials.filter(({ levels }) => levels.length >= 2).length;
    let deepens = this.#options.deepen ?? false;
    // The trial that finds out how many connections a server holds may end before its second level.
    for (let left = trials + 1; left > 0 && useful() < trials && this.#levels.length > 0; left--) {
      try {
        await this.#withServer((running) => this.#measure(running));
      } catch (error) {
        if (error instanceof BytesperError && error.code !== "INTERRUPTED" && this.#undeepen()) {
          left++;
          continue;
        }
        // What earlier servers told stays true.
        if (useful() === 0 || !(error instanceof BytesperError)) throw error;
        this.#stopped = error;
        break;
      }
      if (this.#end !== undefined && this.#undeepen()) {
        left++;
        continue;
      }
      this.#lowerLevels();
      if (deepens && useful() === 1) {
        deepens = false;
        if (this.#end === undefined && this.#deepen()) left++;
      }
    }
    if (this.#stopped === undefined && snapshot && this.#trials.some(({ levels }) => levels.length >= 2))
      await this.#breakDown();
    const { protocol, path } = this.#detected ?? { protocol: "tcp" as const, path: "/" };
    return answerOf({
      ...this.#options,
      levels: this.#planned,
      protocol: this.#options.client ?? protocol,
      where: this.#where,
      path,
      node: this.#node,
      trials: this.#trials,
      breakdown: this.#breakdown,
      reopened: this.#reopened,
      ...(this.#end === undefined ? {} : { end: this.#end }),
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    });
  }

  /**
   * Where partly filled blocks of memory make the first trial's number uncertain, the trials begin again with more
   * connections.
   */
  #deepen(): boolean {
    const total = fitOf(this.#trials)?.totalPerUnitBytes.value ?? 0;
    const doubt = resolutionOf(this.#trials);
    const [least, most] = [this.#levels[0] ?? 1, this.#levels.at(-1) ?? 1];
    if (total <= 0 || doubt <= SURE * total) return false;
    const wanted = Math.ceil(((most - least) * doubt) / (SURE * total) / 0.9 / 1000) * 1000;
    const deepest = Math.min(wanted, MOST_CONNECTIONS, Math.floor(this.#room / 1000) * 1000);
    if (deepest <= most) return false;
    this.#levels = this.#planned = [deepest / 10, deepest / 2, deepest];
    this.#trials.length = 0;
    this.#finished = 0;
    return true;
  }

  /** Goes back to the levels that were given, where the server does not hold more. Nobody asked for those. */
  #undeepen(): boolean {
    if (this.#planned === this.#options.levels) return false;
    this.#levels = this.#planned = this.#options.levels;
    this.#trials.length = 0;
    this.#end = undefined;
    return true;
  }

  /** After a level that could not be held, further trials keep below it. */
  #lowerLevels(): void {
    const end = this.#end;
    if (end === undefined || !this.#levels.includes(end.level)) return;
    const below = this.#levels.filter((level) => level < end.level);
    if (below.length >= 2) this.#levels = below;
    else {
      const most = Math.floor(0.9 * end.connections);
      const shares = [0.25, 0.5, 1].map((share) => Math.floor(share * most));
      this.#levels = most >= 8 ? shares : [];
    }
  }

  /** Starts the server with its clients, and ends both in any case. */
  async #withServer(use: (trial: Trial) => Promise<void>): Promise<void> {
    const { signal, messages, template, client } = this.#options;
    if (signal.aborted) throw interrupted();
    // A client ends the server if bytesper is killed, and so comes before it.
    const mark = newMark();
    const clients = new Clients(this.#levels.at(-1) ?? 1, mark);
    const interrupt = (): void => {
      clients.end();
    };
    signal.addEventListener("abort", interrupt, { once: true });
    let [server, inside]: [Server | undefined, Inside | undefined] = [undefined, undefined];
    try {
      server = await Server.start(this.#options, mark);
      clients.settings({
        messages,
        ...(template === undefined ? {} : { template }),
        ...(client === undefined ? {} : { client: { url: this.#clientUrl ?? "", file: client } }),
      });
      const place = await server.listening(this.#options);
      this.#where = place.host.includes(":")
        ? `[${place.host}]:${place.port}`
        : `${place.host}:${place.port}`;
      const processes = server.processes.bind(server);
      await untilStill(processes, START_MS, signal);
      inside = await Inside.open(processes(), place.port);
      this.#node = inside.node;
      const trial = new Trial(server, place, inside, clients, signal);
      await use(trial);
    } catch (error) {
      throw isInterrupted(signal) ? interrupted() : error;
    } finally {
      signal.removeEventListener("abort", interrupt);
      // The server first: clients that vanish would be work for it.
      await server?.end();
      await inside?.close().catch(() => undefined);
      clients.end();
    }
  }

  async #measure(trial: Trial): Promise<void> {
    const { clients } = trial;
    const idle = required(await trial.read(0));
    this.#room = trial.server.filesLeft() ?? 0;
    await this.#begin(trial);
    // What the first connection brings once, such as code that is loaded, is told apart.
    const opened = await clients.grow(1);
    if (opened.failed !== undefined || opened.open < 1) throw await this.#noConnection(trial, opened.failed);
    await clients.close();
    const data: TrialData = { idle, first: required(await trial.close()), levels: [] };
    this.#trials.push(data);
    for (const level of this.#levels) {
      const reading = await trial.level(level);
      this.#step(`${level} connections`);
      if ("reason" in reading) {
        this.#end = reading;
        return;
      }
      data.levels.push(reading);
    }
    this.#reopened += (await clients.state()).reopened;
    const after = await trial.close();
    if (!isAbsent(after)) data.after = after;
  }

  async #begin({ clients, place }: Trial): Promise<void> {
    const { path } = this.#options;
    this.#detected ??= await clients.detect({ ...place, path: "/" }, path);
    await clients.start({ ...place, path: this.#detected.path }, this.#detected.protocol);
  }

  async #noConnection({ server }: Trial, failed: string | undefined): Promise<BytesperError> {
    const ended = server.hasEnded() ? `; the server ended (${await server.ending()})` : "";
    const { protocol = "tcp" } = this.#detected ?? {};
    const what = this.#options.client ?? `a client of ${protocol}`;
    return new BytesperError(
      "CELL_FAILED",
      `The server listens on ${this.#where}, and ${what} cannot stay connected: ${failed ?? "the server closed the connection"}${ended}; another --protocol, --path or --client may fit.`,
    );
  }

  /** One more server: two snapshots, at the least and at the largest level. */
  async #breakDown(): Promise<void> {
    const [least, most] = [this.#levels[0] ?? 0, this.#levels.at(-1) ?? 0];
    const folder = temporaryFolder("connections");
    try {
      await this.#withServer(async (trial) => {
        await this.#begin(trial);
        this.#breakdown = await this.#snapshots(trial, folder, least, most);
      });
    } catch (error) {
      if (error instanceof BytesperError && error.code === "INTERRUPTED") throw error;
      this.#breakdown = { absent: error instanceof Error ? error.message : String(error) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    this.#step("breakdown");
  }

  async #snapshots(trial: Trial, folder: string, least: number, most: number): Promise<Breakdown> {
    const { inside, server, clients, place } = trial;
    const why = inside.why(server.processes());
    if (why !== undefined) return { absent: why };
    let pid = 0;
    const held: number[] = [];
    for (const level of [least, most]) {
      const grown = await clients.grow(level);
      if (grown.open < level) return { absent: `only ${grown.open} of ${level} connections could be held` };
      await untilStill(() => server.processes(), START_MS, this.#options.signal);
      if (isInterrupted(this.#options.signal)) throw interrupted();
      const holders = server.accepted(place);
      // Workers share the connections; one of them stands for all.
      pid ||= [...holders].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
      held.push(holders.get(pid) ?? 0);
      await inside.snapshot(pid, join(folder, `${held.length}.heapsnapshot`));
    }
    const connections = (held[1] ?? 0) - (held[0] ?? 0);
    if (connections <= 0) return { absent: "no process holds more connections than before" };
    const { files, growth = [] } = inspectSnapshots(
      [1, 2].map((part) => join(folder, `${part}.heapsnapshot`)),
    ).answer;
    // Node's own C++ objects are in snapshots, but not in V8's memory.
    const outside = growth.find(({ name }) => name === "(synthetic)")?.bytes ?? 0;
    return {
      connections,
      bytesPerConnection: ((files[1]?.totalBytes ?? 0) - (files[0]?.totalBytes ?? 0) - outside) / connections,
      rows: growth.map(({ name, count, bytes, path }) => ({
        type: name,
        count: count / connections,
        bytes: bytes / connections,
        ...(path === undefined ? {} : { path }),
      })),
    };
  }

  #step(label: string): void {
    const { trials, snapshot } = this.#options;
    const levels = this.#levels;
    const total = trials * levels.length + (snapshot ? 1 : 0);
    this.#finished = Math.min(this.#finished + 1, total);
    this.#options.progress(this.#finished, total, label);
  }
}
