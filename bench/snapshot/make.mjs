/** Makes sessions with messages and writes their heap snapshot: node make.mjs SESSIONS FILE. */
import { writeHeapSnapshot } from "node:v8";

const [sessions, file] = process.argv.slice(2);

class Session {
  constructor(index) {
    this.id = `session ${index}`;
    this.messages = Array.from({ length: 6 }, (_, turn) => ({
      role: turn % 2 === 0 ? "user" : "assistant",
      text: `message ${index} ${turn}`,
      at: Date.now() + 0.5,
      tags: [index, turn],
    }));
  }
}

const rooms = new Map();
for (let index = 0; index < Number(sessions); index++) rooms.set(index, new Session(index));
writeHeapSnapshot(file);
// Used after the snapshot, so that the sessions are alive when it is taken.
process.exitCode = rooms.size === Number(sessions) ? 0 : 1;
