import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import type { Connection, Dialer, Target } from "./connection.js";
import { CONNECT_MS, ended, localAddress, place } from "./connection.js";

/** Node's own closes a connection before the time that the server states is over. Here the server decides. */
class PatientAgent extends Agent {
  override keepSocketAlive(): boolean {
    return true;
  }
}

/** HTTP/1.1 connections that are kept after an answer. `body` makes each message a POST. */
export function keepAlive(body: boolean): Dialer {
  let refreshMs: number | undefined;
  return {
    refreshMs: () => refreshMs,
    async connect(target, index): Promise<Connection> {
      const agent = new PatientAgent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
      let socket: Socket | undefined;
      const ask = async (text?: string): Promise<void> => {
        const sent = request({
          ...plain(target, index),
          agent,
          ...(text === undefined || !body
            ? {}
            : {
                method: "POST",
                headers: { "content-type": typeOf(text), "content-length": Buffer.byteLength(text) },
              }),
        });
        sent.end(body ? text : undefined);
        const { answer, socket: used } = await answerTo(sent);
        socket = used;
        const [, seconds] = /timeout=(\d+)/.exec(String(answer.headers["keep-alive"] ?? "")) ?? [];
        if (seconds !== undefined) refreshMs = Number(seconds) * 400;
        const keeps = answer.httpVersion === "1.1" && answer.headers.connection !== "close";
        await drained(answer);
        if (!keeps)
          throw new Error("the server closes each connection after its answer, so that none is kept");
      };
      await ask();
      const isOpen = (): boolean => socket !== undefined && !socket.destroyed;
      return {
        talk: (text) => ask(text),
        refresh: () => ask(),
        isOpen,
        close: () =>
          ended(
            () => !isOpen(),
            (listener) => socket?.once("close", listener),
            () => {
              agent.destroy();
            },
            () => socket?.destroy(),
          ),
      };
    },
  };
}

function typeOf(text: string): string {
  return /^\s*[{[]/.test(text) ? "application/json" : "text/plain";
}

/** Streams of server-sent events. */
export const serverSentEvents: Dialer = {
  async connect(target, index) {
    const sent = request({
      ...plain(target, index),
      agent: false,
      headers: { accept: "text/event-stream", "cache-control": "no-cache" },
    });
    sent.end();
    const { answer, socket } = await answerTo(sent);
    const type = answer.headers["content-type"] ?? "no type";
    if (answer.statusCode !== 200 || !type.startsWith("text/event-stream")) {
      socket.destroy();
      throw new Error(
        `http://${place(target)}${target.path} answers ${answer.statusCode ?? 0} with ${type}, not with events; give --path`,
      );
    }
    answer.on("error", () => undefined);
    answer.resume();
    return {
      talk: () => Promise.reject(new Error("server-sent events go one way; use --client for messages")),
      isOpen: () => !socket.destroyed && !answer.readableEnded,
      close: () =>
        ended(
          () => socket.destroyed,
          (listener) => socket.once("close", listener),
          () => socket.end(),
          () => socket.destroy(),
        ),
    };
  },
};

function plain(target: Target, index: number): object {
  const { host, port, path } = target;
  return { host, port, path, timeout: CONNECT_MS, ...localAddress(target, index) };
}

function answerTo(sent: ClientRequest): Promise<{ answer: IncomingMessage; socket: Socket }> {
  return new Promise((done, failed) => {
    let answered = false;
    sent.on("error", failed);
    sent.on("timeout", () => {
      // A connection that is kept may be silent for as long as it likes.
      if (!answered) sent.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`));
    });
    sent.once("response", (answer) => {
      answered = true;
      done({ answer, socket: answer.socket });
    });
  });
}

function drained(answer: IncomingMessage): Promise<void> {
  return new Promise((done, failed) => {
    answer.on("error", failed);
    // The agent takes the socket back one turn after the end.
    answer.once("end", () => setImmediate(done));
    answer.resume();
  });
}
