import { readlinkSync } from "node:fs";
import { basename } from "node:path";
import { sentence } from "../../base/sentence.js";
import { addonFile } from "../../system/native/built-file.js";
import type { Absent, Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { takeSnapshot } from "../attach/heap-snapshot.js";
import { InspectorSession } from "../attach/session.js";
import { findTarget } from "../attach/target.js";

/** What the Node processes of a server say of themselves, summed, with garbage collected. */
export interface InsideReading {
  heapBytes: number;
  /** Pages of V8's heap, filled or not. */
  heapPhysicalBytes: number;
  externalBytes: number;
  /** What malloc has given out; it holds external memory too. */
  mallocBytes: Reading;
  /** What malloc keeps from the system and has not given out. */
  mallocFreeBytes: Reading;
}

interface Raw {
  heap: number;
  physical: number;
  external: number;
  malloc: number | string;
  free: number;
}

const MOST_COLLECTIONS = 8;
const MOST_PROCESSES = 64;

/** The inspectors of the Node processes of one server. They stay open until the server ends. */
export class Inside {
  readonly #sessions = new Map<number, InspectorSession>();
  #node = "";
  #why: string | undefined;

  /** Opens those of all Node processes among `pids`. `port` is the server's own. */
  static async open(pids: readonly number[], port: number): Promise<Inside> {
    const inside = new Inside();
    const nodes = pids.filter(isNode);
    if (nodes.length === 0) inside.#why = "the server is not Node, so that nobody can look into it";
    if (nodes.length > MOST_PROCESSES) inside.#why = `the server has ${nodes.length} Node processes`;
    else for (const pid of nodes) await inside.#open(pid, port);
    return inside;
  }

  async #open(pid: number, port: number): Promise<void> {
    try {
      const { url } = await findTarget(String(pid), {
        remote: false,
        say: () => undefined,
        anyPortBut: port,
      });
      const session = await InspectorSession.open(url);
      this.#sessions.set(pid, session);
      // A process that ends would wait for its inspector's sessions to end first.
      session.on("NodeRuntime.waitingForDisconnect", () => void session.close());
      await session.call("NodeRuntime.notifyWhenWaitingForDisconnect", { enabled: true });
      this.#node = (await session.evaluate("process.versions.node")) as string;
    } catch (error) {
      this.#why = sentence(error);
    }
  }

  /** The version of the Node that serves; empty if none does. */
  get node(): string {
    return this.#node;
  }

  /** Why not all Node processes can be looked into. */
  why(pids: readonly number[]): string | undefined {
    if (this.#why !== undefined) return this.#why;
    const unknown = pids.find((pid) => isNode(pid) && !this.#sessions.has(pid));
    return unknown === undefined ? undefined : `process ${unknown} started later`;
  }

  get sessions(): ReadonlyMap<number, InspectorSession> {
    return this.#sessions;
  }

  /**
   * Collects garbage until that frees nothing more, and lets malloc give back what it has free: that is left over from
   * opening the connections, by chance more or less. Other processes than those of Node stay as they are.
   */
  async collect(): Promise<void> {
    await this.#each(async (session) => {
      let last = Infinity;
      for (let turn = 0; turn < MOST_COLLECTIONS; turn++) {
        await session.call("HeapProfiler.collectGarbage", {}, COLLECT_MS);
        const { heap, external } = (await session.evaluate(READ)) as Raw;
        if (heap + external >= last) break;
        last = heap + external;
      }
      await session.evaluate(TRIM);
    });
  }

  async read(pids: readonly number[]): Promise<InsideReading | Absent> {
    const why = this.why(pids);
    if (why !== undefined) return absent(why);
    const sum: InsideReading = {
      heapBytes: 0,
      heapPhysicalBytes: 0,
      externalBytes: 0,
      mallocBytes: 0,
      mallocFreeBytes: 0,
    };
    try {
      await this.#each(async (session) => {
        const raw = (await session.evaluate(READ)) as Raw;
        sum.heapBytes += raw.heap;
        sum.heapPhysicalBytes += raw.physical;
        sum.externalBytes += raw.external;
        if (typeof raw.malloc === "string") sum.mallocBytes = sum.mallocFreeBytes = absent(raw.malloc);
        else if (!isAbsent(sum.mallocBytes) && !isAbsent(sum.mallocFreeBytes)) {
          sum.mallocBytes += raw.malloc;
          sum.mallocFreeBytes += raw.free;
        }
      });
    } catch (error) {
      return absent(sentence(error));
    }
    return sum;
  }

  /** One heap snapshot of a process into a file. */
  snapshot(pid: number, file: string): Promise<void> {
    const session = this.#sessions.get(pid);
    if (session === undefined) throw new Error(`no session of process ${pid}`);
    return takeSnapshot(session, file);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  async #each(use: (session: InspectorSession) => Promise<void>): Promise<void> {
    for (const session of this.#sessions.values()) await use(session);
  }
}

const COLLECT_MS = 120_000;

function isNode(pid: number): boolean {
  try {
    return /^node/i.test(basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "")));
  } catch {
    return false;
  }
}

const ADDON = JSON.stringify(addonFile() ?? "");

const TRIM = `(() => { try { require(${ADDON}).mallocTrim(); } catch {} })()`;

/** Runs in the server. The addon counts malloc; where it cannot be loaded, the reason takes the place of the number. */
const READ = `(() => {
  const { used_heap_size: heap, total_physical_size: physical, external_memory: external } =
    require("v8").getHeapStatistics();
  let [malloc, free] = ["the addon is not built", 0];
  const file = ${ADDON};
  if (file !== "") {
    try {
      const info = require(file).mallocInfo();
      malloc = info.absent ?? info.inUseBytes;
      free = info.fordblksBytes;
    } catch (error) {
      malloc = "the addon cannot be loaded there: " + String(error.message).split("\\n")[0];
    }
  }
  return { heap, physical, external, malloc, free };
})()`;
