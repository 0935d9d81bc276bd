import { sentence } from "../../../base/sentence.js";
import type { Connection, Dialer, Target } from "./connection.js";

/** Connections that are opened at the same time. A server drops what its queue of new connections cannot hold. */
const AT_ONCE = 50;
/** A server that closed an idle connection is asked again in this share of the time that it waited. */
const REFRESH_SHARE = 0.4;
const LEAST_REFRESH_MS = 200;

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
    await this.#refreshAll();
    return { ...this.state(), ...(failed === undefined ? {} : { failed }) };
  }

  /** What is held now. */
  state(): CrowdState {
    const open = this.#held.filter(({ connection }) => connection.isOpen()).length;
    return { open, lost: this.#held.length - open, reopened: this.#reopened };
  }

  /** Uses each idle connection once, and then leaves all alone for the longest time that the server allows. */
  async rest(): Promise<CrowdState> {
    if (this.#held.some(({ connection }) => connection.refresh !== undefined)) await this.#refreshAll();
    return this.state();
  }

  async close(): Promise<void> {
    clearTimeout(this.#refreshing);
    const held = this.#held;
    this.#held = [];
    await Promise.all(held.map(({ connection }) => connection.close()));
  }

  async #refreshAll(): Promise<void> {
    clearTimeout(this.#refreshing);
    await this.#replaceIdle();
    const held = this.#held;
    for (let start = 0; start < held.length; start += AT_ONCE)
      await Promise.all(
        held.slice(start, start + AT_ONCE).map(async (each) => {
          // What a server closes meanwhile is replaced at the next turn.
          await each.connection.refresh?.().catch(() => undefined);
          each.usedAt = performance.now();
        }),
      );
    const due = this.#dialer.refreshMs?.() ?? this.#refreshMs;
    if (due === undefined || held.length === 0) return;
    this.#refreshing = setTimeout(() => void this.#refreshAll(), Math.max(LEAST_REFRESH_MS, due));
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
