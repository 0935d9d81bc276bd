/**
 * All clients of a chat server in one process: node clients.mjs PORT CONNECTIONS on|off SEED. The server starts it
 * with a channel. It connects all clients, lets them join rooms and send their messages, and reports through the
 * channel when every message has reached every member of its room. It ends when the channel closes.
 */
import { setTimeout } from "node:timers";
import { loadWs } from "./load-ws.mjs";
import { requireDescriptors, Stop } from "./stop.mjs";

const ROOM = 10;
const MESSAGES = 5;
const CHARACTERS = 100;
/** How many clients connect at the same time. */
const CONNECTING = 50;
const PATIENCE_MS = 40_000;

const [port, count, compression, seed] = process.argv.slice(2);
const connections = Number(count);
const progress = { connected: 0, joined: 0, delivered: 0 };

async function main() {
  requireDescriptors(connections);
  const { WebSocket } = await loadWs();
  const clients = [];
  const connect = async () => {
    while (clients.length < connections) {
      const client = new Client(WebSocket, clients.length);
      clients.push(client);
      await client.joined;
    }
  };
  await Promise.all(Array.from({ length: CONNECTING }, connect));
  // A message that is sent before a member has joined does not reach that member.
  for (const client of clients) client.say();
  await Promise.all(clients.map(({ complete }) => complete));
  return progress.delivered;
}

class Client {
  #socket;
  #index;
  #missing;

  constructor(WebSocket, index) {
    this.#index = index;
    this.#missing = MESSAGES * roomSize(index);
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: compression === "on" });
    this.joined = new Promise((resolve, reject) => {
      this.complete = new Promise((done) => {
        this.#socket.on("message", (data) => {
          const { type } = JSON.parse(data.toString());
          if (type === "joined") {
            progress.joined += 1;
            resolve();
          } else if (type === "said") {
            progress.delivered += 1;
            this.#missing -= 1;
            if (this.#missing === 0) done();
          }
        });
      });
      this.#socket.once("error", (error) =>
        reject(new Stop(`client ${index} cannot connect: ${error.message}`)),
      );
    });
    this.#socket.once("open", () => {
      progress.connected += 1;
      this.#send({ type: "join", room: `room ${Math.floor(index / ROOM)}`, name: `client ${index}` });
    });
  }

  say() {
    for (let number = 0; number < MESSAGES; number += 1)
      this.#send({ type: "say", text: textOf(this.#index * MESSAGES + number) });
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }
}

/** The last room may have fewer members. */
function roomSize(index) {
  const first = index - (index % ROOM);
  return Math.min(ROOM, connections - first);
}

/** A text that no other message has, from a multiplicative generator modulo the prime 2^31 - 1. */
function textOf(message) {
  let state = (Number(seed) * 1_000_003 + message) % 0x7fffffff || 1;
  let text = "";
  while (text.length < CHARACTERS) {
    state = (state * 48_271) % 0x7fffffff;
    text += state.toString(36);
  }
  return text.slice(0, CHARACTERS);
}

function tell(message) {
  if (process.connected) process.send(message);
}

process.once("disconnect", () => process.exit(0));
setTimeout(() => {
  const { connected, joined, delivered } = progress;
  tell({
    failed: `after ${PATIENCE_MS / 1000} s ${connected} of ${connections} clients were connected, ${joined} had joined and ${delivered} messages had arrived`,
  });
}, PATIENCE_MS).unref();
try {
  tell({ delivered: await main() });
} catch (error) {
  tell({ failed: error instanceof Stop ? error.message : String(error.stack) });
}
