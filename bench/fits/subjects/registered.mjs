/** A connection that registers itself under its name and leaves the registry when it is closed. */
export class Connection {
  static all = new Map();

  constructor(index) {
    this.name = `connection-${index}`;
    this.listeners = new Map([
      ["message", [() => this.name]],
      ["close", [() => Connection.all.delete(this.name)]],
    ]);
    this.inbox = Array.from({ length: 12 }, (_, turn) => ({ turn, text: `${this.name} says ${turn}` }));
    Connection.all.set(this.name, this);
  }

  close() {
    Connection.all.delete(this.name);
  }
}
export const create = (index) => new Connection(index);
export const release = (connection) => connection.close();
