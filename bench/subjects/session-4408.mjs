/**
 * One chat session of 20 messages with 100 fresh one-byte characters each. Its cost follows by hand from the
 * object layout of 64-bit V8 without pointer compression (Node 20):
 *
 *   20 contents of 100 characters   20 x (16 header + 100, rounded up to 8)        2,400
 *   id of 10 characters             16 + 10, rounded up to 8                          32
 *   20 messages of four fields      20 x (24 header + 4 x 8)                       1,120
 *   session of four fields          24 + 4 x 8                                        56
 *   crisis state of six fields      24 + 6 x 8                                        72
 *   array                           32                                                32
 *   its elements, capacity 43       16 + 43 x 8; growth is 17, then 18 + 9 + 16      360
 *   21 timestamps                   21 x 16, each boxed                              336
 *                                                                           sum    4,408
 *
 * Role and room are literals that all sessions share; they cost a session nothing but the pointer.
 */
export const TRUE_BYTES = 4408;

const MESSAGES = 20;
const CHARACTERS = 100;
/** A time in milliseconds does not fit a small integer, so V8 boxes it, as it does with Date.now(). */
const START_MS = 1_700_000_000_000;
const text = Buffer.alloc(CHARACTERS, 0x61);

class CrisisState {
  constructor(updatedAt) {
    this.level = 0;
    this.mentions = 0;
    this.escalations = 0;
    this.flagged = false;
    this.resolved = true;
    this.updatedAt = updatedAt;
  }
}

export class Session {
  constructor(index) {
    // Fewer than 13 characters: a longer concatenation would stay a rope.
    this.id = "s" + String(index).padStart(9, "0");
    this.room = "lobby";
    this.messages = [];
    this.crisis = new CrisisState(START_MS + index);
    for (let turn = 0; turn < MESSAGES; turn += 1) {
      this.messages.push({
        role: turn % 2 === 0 ? "user" : "assistant",
        content: freshText(index * MESSAGES + turn),
        timestamp: START_MS + turn,
        room: "lobby",
      });
    }
  }
}

/** A flat string of its own for each message; the number makes the contents differ. */
function freshText(number) {
  text.writeUInt32BE(number & 0x7f7f7f7f, 0);
  return text.latin1Slice(0, CHARACTERS);
}

export function create(index) {
  return new Session(index);
}
