/** A member that joins late gets this many earlier messages. */
const RECENT = 20;

class Member {
  constructor(socket, name, room) {
    this.socket = socket;
    this.name = name;
    this.room = room;
    this.joinedAt = Date.now();
    this.said = 0;
  }
}

/** Rooms: each message goes to all members of its room. */
export class ChatRooms {
  #rooms = new Map();
  #members = new Map();

  constructor(server) {
    server.on("connection", (socket) => {
      socket.on("message", (data) => this.#obey(socket, JSON.parse(data.toString())));
      socket.on("close", () => this.#leave(socket));
      // Clients that are killed at the end reset their connections.
      socket.on("error", () => undefined);
    });
  }

  get members() {
    return this.#members.size;
  }

  #obey(socket, { type, room, name, text }) {
    if (type === "join") this.#join(socket, name, room);
    else if (type === "say") this.#say(this.#members.get(socket), text);
  }

  #join(socket, name, roomName) {
    let room = this.#rooms.get(roomName);
    if (room === undefined) {
      room = { members: new Set(), recent: [] };
      this.#rooms.set(roomName, room);
    }
    const member = new Member(socket, name, room);
    room.members.add(member);
    this.#members.set(socket, member);
    socket.send(JSON.stringify({ type: "joined", room: roomName }));
  }

  #say(member, text) {
    member.said += 1;
    const message = { type: "said", from: member.name, text };
    const { members, recent } = member.room;
    if (recent.push(message) > RECENT) recent.shift();
    const line = JSON.stringify(message);
    for (const { socket } of members) socket.send(line);
  }

  #leave(socket) {
    const member = this.#members.get(socket);
    this.#members.delete(socket);
    member?.room.members.delete(member);
  }
}
