/**
 * The chat server that is measured: node --expose-gc server.mjs CLIENTS.mjs CONNECTIONS on|off SEED
 *
 * It starts its clients in another process and waits until each has joined its room and received every message. Then
 * it prints one line of JSON with its own view of its memory. This line tells the runner to read the memory from
 * outside.
 */
import { fork } from "node:child_process";
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ChatRooms } from "./chat-rooms.mjs";
import { loadWs } from "./load-ws.mjs";
import { anonymousBytes, kernelBytes, settled, socketBytes } from "./memory.mjs";
import { requireDescriptors, Stop } from "./stop.mjs";

/** For everything until the line is printed. With 800 compressed connections that takes two to three seconds. */
const PATIENCE_MS = 45_000;
/** After the line, the server stays unchanged for this time, so that it can be read from outside. */
const AT_REST_MS = 1_000;

async function main([clientsFile, count, compression, seed = "1"]) {
  const connections = Number(count);
  if (!Number.isInteger(connections) || connections < 1 || !["on", "off"].includes(compression))
    throw new Stop("usage: node --expose-gc server.mjs CLIENTS.mjs CONNECTIONS on|off [SEED]");
  if (globalThis.gc === undefined) throw new Stop("the server needs --expose-gc to read what is live");
  requireDescriptors(connections);
  const { WebSocketServer } = await loadWs();
  const server = new WebSocketServer({
    host: "127.0.0.1",
    // Any free port.
    port: 0,
    // The kernel drops connections if this queue is full.
    backlog: connections,
    perMessageDeflate: compression === "on",
  });
  const rooms = new ChatRooms(server);
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  const clients = fork(
    fileURLToPath(new URL(clientsFile, import.meta.url)),
    [...[String(server.address().port), count, compression, seed]],
    { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] },
  );
  try {
    const delivered = await answerOf(clients);
    const { heapUsed, heapTotal, external } = await settled();
    const line = {
      connections: server.clients.size,
      members: rooms.members,
      delivered,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      insideBytes: heapUsed + external,
      anonymousBytes: anonymousBytes(),
      kernelBytes: kernelBytes(),
      socketBytes: socketBytes(),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    await delay(AT_REST_MS);
  } finally {
    // The clients end when the channel closes.
    if (clients.connected) clients.disconnect();
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
}

/** Resolves with the number of messages that all clients received, as soon as each has received all of its own. */
function answerOf(clients) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Stop(`the clients did not answer within ${PATIENCE_MS / 1000} s`)),
      PATIENCE_MS,
    );
    clients.once("message", ({ delivered, failed }) => {
      clearTimeout(timer);
      if (failed === undefined) resolve(delivered);
      else reject(new Stop(failed));
    });
    clients.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Stop(`the process of the clients ended with ${signal ?? code} before they were connected`));
    });
    clients.once("error", reject);
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
