/** A session whose messages have letters beyond Latin-1, so that V8 takes two bytes for each. */
export class Session {
  constructor(index) {
    this.id = index;
    this.messages = Array.from({ length: 20 }, (_, turn) => ({
      role: turn % 2 === 0 ? "user" : "assistant",
      text: Buffer.from(`Нить ${index}, сообщение ${turn}: `.padEnd(120, "ж"), "utf16le").toString("utf16le"),
      at: 1_700_000_000_000 + turn,
    }));
  }
}
export const create = (index) => new Session(index);
