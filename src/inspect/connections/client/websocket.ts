import WebSocket from "ws";
import type { Connection, Dialer, Target } from "./connection.js";
import { ANSWER_MS, CONNECT_MS, ended, localAddress, place, within } from "./connection.js";

/** WebSocket as a browser opens it: with compression on offer. */
export const websocket: Dialer = {
  async connect(target, index) {
    const socket = await opened(target, index, target.path);
    return kept(socket, (text) => text);
  },
};

export const SOCKET_IO_PATH = "/socket.io/";

/** The default namespace of Socket.IO over WebSocket: Engine.IO 4 carries its packets, each with a digit before it. */
export const socketIo: Dialer = {
  async connect(target, index) {
    const path = target.path === "/" ? SOCKET_IO_PATH : target.path;
    const socket = await opened(target, index, `${path}?EIO=4&transport=websocket`, (open, done, failed) => {
      open.on("message", (data) => {
        const packet = data.toString();
        if (packet.startsWith("0")) open.send("40");
        else if (packet === "2") open.send("3");
        else if (packet.startsWith("40")) done();
        else if (packet.startsWith("44"))
          failed(new Error(`the server refused the namespace: ${packet.slice(2, 200)}`));
      });
    });
    return kept(socket, (text) => `42${JSON.stringify(["message", text])}`);
  },
};

function opened(
  target: Target,
  index: number,
  path: string,
  ready: (socket: WebSocket, done: () => void, failed: (error: Error) => void) => void = (socket, done) =>
    socket.on("open", done),
): Promise<WebSocket> {
  return new Promise((done, failed) => {
    const socket = new WebSocket(`ws://${place(target)}${path}`, {
      handshakeTimeout: CONNECT_MS,
      maxPayload: 2 ** 30,
      ...localAddress(target, index),
    });
    const timer = setTimeout(() => {
      failed(new Error(`no connection within ${CONNECT_MS / 1000} s`));
      socket.terminate();
    }, CONNECT_MS);
    const end = (error: Error): void => {
      clearTimeout(timer);
      failed(error);
    };
    socket.on("error", end);
    socket.on("close", () => {
      end(new Error("the server closed it at once"));
    });
    socket.on("message", () => undefined);
    ready(
      socket,
      () => {
        clearTimeout(timer);
        done(socket);
      },
      end,
    );
  });
}

function kept(socket: WebSocket, packet: (text: string) => string): Connection {
  return {
    talk: (text) =>
      within(ANSWER_MS, (answered) => {
        socket.once("message", answered);
        socket.send(packet(text));
      }),
    isOpen: () => socket.readyState === WebSocket.OPEN,
    close: () =>
      ended(
        () => socket.readyState === WebSocket.CLOSED,
        (listener) => socket.once("close", listener),
        () => {
          socket.close();
        },
        () => {
          socket.terminate();
        },
      ),
  };
}
