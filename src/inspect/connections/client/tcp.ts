import { connect as open } from "node:net";
import type { Dialer } from "./connection.js";
import { ANSWER_MS, CONNECT_MS, ended, localAddress, within } from "./connection.js";

export const tcp: Dialer = {
  connect: (target, index) =>
    new Promise((done, failed) => {
      const socket = open({ host: target.host, port: target.port, ...localAddress(target, index) });
      const timer = setTimeout(() => {
        socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`));
      }, CONNECT_MS);
      socket.on("error", failed);
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.resume();
        done({
          talk: (text) =>
            within(ANSWER_MS, (answered) => {
              socket.once("data", answered);
              socket.write(`${text}\n`);
            }),
          isOpen: () => !socket.closed && !socket.readableEnded,
          close: () =>
            ended(
              () => socket.closed,
              (listener) => socket.once("close", listener),
              () => socket.end(),
              () => socket.destroy(),
            ),
        });
      });
    }),
};
