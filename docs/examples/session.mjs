/** A chat session that holds its messages. */
export class Session {
  constructor(index) {
    this.messages = Array.from({ length: 20 }, (_, turn) => `session ${index}, message ${turn}`);
  }
}
