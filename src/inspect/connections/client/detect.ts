import type { Dialer, Target } from "./connection.js";
import { place } from "./connection.js";
import { keepAlive, serverSentEvents } from "./http.js";
import { tcp } from "./tcp.js";
import { SOCKET_IO_PATH, socketIo, websocket } from "./websocket.js";

export type Protocol = "websocket" | "socket.io" | "http" | "sse" | "tcp";

export interface Detected {
  protocol: Protocol;
  path: string;
}

const HTTP_MS = 2000;
/** Where servers listen for WebSockets when it is not at the root. */
const WEBSOCKET_PATHS = ["/", "/ws"];

/** Finds out what a server speaks, by connections that are closed again. */
export async function detect(target: Target, path: string | undefined): Promise<Detected> {
  for (const each of path === undefined ? WEBSOCKET_PATHS : [path])
    if (await accepts(websocket, { ...target, path: each })) return { protocol: "websocket", path: each };
  if (path === undefined && (await speaksSocketIo(target)))
    return { protocol: "socket.io", path: SOCKET_IO_PATH };
  const at = { ...target, path: path ?? "/" };
  const http = await answersHttp(at);
  if (http === undefined) return { protocol: "tcp", path: at.path };
  return { protocol: http.startsWith("text/event-stream") ? "sse" : "http", path: at.path };
}

async function accepts(dialer: Dialer, target: Target): Promise<boolean> {
  try {
    const connection = await dialer.connect(target, 0);
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

async function speaksSocketIo(target: Target): Promise<boolean> {
  try {
    const answer = await fetch(`http://${place(target)}${SOCKET_IO_PATH}?EIO=4&transport=polling`, {
      signal: AbortSignal.timeout(HTTP_MS),
    });
    if (!(await answer.text()).startsWith('0{"sid"')) return false;
  } catch {
    return false;
  }
  return accepts(socketIo, { ...target, path: SOCKET_IO_PATH });
}

/** The type of content, or undefined where no HTTP is spoken. */
async function answersHttp(target: Target): Promise<string | undefined> {
  const stop = new AbortController();
  const timer = setTimeout(() => {
    stop.abort();
  }, HTTP_MS);
  try {
    const answer = await fetch(`http://${place(target)}${target.path}`, {
      signal: stop.signal,
      redirect: "manual",
      headers: { accept: "text/event-stream, */*;q=0.5" },
    });
    const type = answer.headers.get("content-type") ?? "";
    await answer.body?.cancel();
    return type;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

export function dialerOf(protocol: Protocol, body: boolean): Dialer {
  switch (protocol) {
    case "websocket":
      return websocket;
    case "socket.io":
      return socketIo;
    case "http":
      return keepAlive(body);
    case "sse":
      return serverSentEvents;
    case "tcp":
      return tcp;
  }
}
