import { smallestOf } from "../../../base/stats/extremes.js";
import { sentence } from "../../../base/sentence.js";
import type { Connection, Dialer, Target } from "./connection.js";

/** Connections that are opened at the same time. A server drops what its queue of new connections cannot hold. */
const AT_ONCE = 50;
/** A server that closed an idle connection is asked again in this share of the time that it waited. */
const REFRESH_SHARE = 0.4;
const LEAST_REFRESH_MS = 200;
/** Of that share, so many make 90 % of the time that the server waits. */
const PATIENCE = 2.25;
/** A reading takes no longer than this, and connections shall not be used while it lasts. */
const READING_MS = 15_000;

export interface CrowdState {
  open: number;
  /** Closed by the server. */
  lost: number;
  /** Idle connections that the server closed and that were opened again. */
  reopened: number;
  /** Why no more could be opened. */
  failed?: string;
}

/** The connections of one client process. */
export class Crowd {
  readonly #dialer: Dialer;
  readonly #target: Target;
  readonly #textOf: (index: number, turn: number) => string;
  readonly #first: number;
  #held: { connection: Connection; usedAt: number }[] = [];
  #refreshMs: number | undefined;
  #refreshing: NodeJS.Timeout | undefined;
  #reopened = 0;

  /** @param first the index of its first connection */
  constructor(
    dialer: Dialer,
    target: Target,
    first: number,
    textOf: (index: number, turn: number) => string,
  ) {
    this.#dialer = dialer;
    this.#target = target;
    this.#first = first;
    this.#textOf = textOf;
  }

  /** Opens until `count` are held, and lets each new one send so many messages. */
  async grow(count: number, messages: number): Promise<CrowdState> {
    let next = this.#held.length;
    let failed: string | undefined;
    const work = async (): Promise<void> => {
      while (next < count && failed === undefined) {
        const index = this.#first + next++;
        try {
          const connection = await this.#dialer.connect(this.#target, index);
          for (let turn = 0; turn < messages; turn++) await connection.talk(this.#textOf(index, turn));
          this.#held.push({ connection, usedAt: performance.now() });
        } catch (error) {
          failed ??= `client ${index + 1}: ${sentence(error)}`;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - next) }, work));
    await this.#refresh();
    return { ...this.state(), ...(failed === undefined ? {} : { failed }) };
  }

  /** What is held now. */
  state(): CrowdState {
    const open = this.#held.filter(({ connection }) => connection.isOpen()).length;
    return { open, lost: this.#held.length - open, reopened: this.#reopened };
  }

  /** Uses the idle connections that the server would close during a reading. */
  async rest(): Promise<CrowdState> {
    if (this.#held.some(({ connection }) => connection.refresh !== undefined)) await this.#refresh();
    return this.state();
  }

  async close(): Promise<void> {
    clearTimeout(this.#refreshing);
    const held = this.#held;
    this.#held = [];
    await Promise.all(held.map(({ connection }) => connection.close()));
  }

  /**
   * Only those whose time runs out: each further request leaves free chunks between those that a server holds, so that
   * connections that are used again cost more than those that are not.
   */
  async #refresh(): Promise<void> {
    clearTimeout(this.#refreshing);
    await this.#replaceIdle();
    const share = this.#dialer.refreshMs?.() ?? this.#refreshMs;
    const unusedMs = share === undefined ? 0 : PATIENCE * share - READING_MS;
    const now = performance.now();
    const due = this.#held.filter(({ usedAt }) => now - usedAt >= unusedMs);
    for (let start = 0; start < due.length; start += AT_ONCE)
      await Promise.all(
        due.slice(start, start + AT_ONCE).map(async (each) => {
          // What a server closes meanwhile is replaced at the next turn.
          await each.connection.refresh?.().catch(() => undefined);
          each.usedAt = performance.now();
        }),
      );
    if (share === undefined || this.#held.length === 0) return;
    const idleMs = performance.now() - smallestOf(this.#held.map(({ usedAt }) => usedAt));
    const nextMs = unusedMs > 0 ? unusedMs - idleMs : share;
    this.#refreshing = setTimeout(() => void this.#refresh(), Math.max(LEAST_REFRESH_MS, nextMs));
  }

  /** A server that closes idle connections shows so how long it waits. */
  async #replaceIdle(): Promise<void> {
    const gone = this.#held.filter(
      ({ connection }) => connection.refresh !== undefined && !connection.isOpen(),
    );
    for (const each of gone) {
      const idleMs = performance.now() - each.usedAt;
      this.#refreshMs = Math.min(this.#refreshMs ?? Infinity, REFRESH_SHARE * idleMs);
      const index = this.#first + this.#held.indexOf(each);
      const connection = await this.#dialer.connect(this.#target, index).catch(() => undefined);
      if (connection === undefined) continue;
      each.connection = connection;
      this.#reopened++;
    }
  }
}
