/** Where the server listens, as its clients reach it. */
export interface Target {
  host: string;
  port: number;
  path: string;
}

/** A connection that a client holds. */
export interface Connection {
  /** Sends one message, and waits for an answer where one comes soon. */
  talk(text: string): Promise<void>;
  /** Lets the connection not become idle for too long; absent where the server does not close idle ones. */
  refresh?(): Promise<void>;
  close(): Promise<void>;
  isOpen(): boolean;
}

/** Opens connections of one protocol. `index` counts them, for programs that give each its own content. */
export interface Dialer {
  connect(target: Target, index: number): Promise<Connection>;
  /** Time after which a refresh is due, ms; learned from the server. */
  refreshMs?(): number | undefined;
}

export const CONNECT_MS = 15_000;
/** How long a message waits for an answer. A server that answers nothing, or somebody else, is not waited for. */
export const ANSWER_MS = 250;
const CLOSE_MS = 3000;

/** One address can hold some 28,000 connections to one port; further ones come from the next address of loopback. */
const PER_ADDRESS = 20_000;

export function localAddress({ host }: Target, index: number): { localAddress?: string } {
  const place = Math.floor(index / PER_ADDRESS);
  return place > 0 && host.startsWith("127.") ? { localAddress: `127.0.0.${place + 1}` } : {};
}

export function place({ host, port }: Target): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Waits for what `subscribe` calls, but not longer than this. */
export function within(ms: number, subscribe: (done: () => void) => void): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    subscribe(() => {
      clearTimeout(timer);
      done();
    });
  });
}

/** Ends a connection in the orderly way, and by force where the server does not answer that. */
export async function ended(
  isClosed: () => boolean,
  onClose: (listener: () => void) => void,
  end: () => void,
  destroy: () => void,
): Promise<void> {
  if (isClosed()) return;
  await within(CLOSE_MS, (done) => {
    onClose(done);
    end();
  });
  if (!isClosed()) destroy();
}
