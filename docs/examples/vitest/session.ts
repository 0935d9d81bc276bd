/** A chat session as an application might have it. */
export class Session {
  readonly id: number;
  readonly messages: string[] = [];

  constructor(id: number) {
    this.id = id;
    this.messages.push(`session ${id} was opened`);
  }
}

/** Every open session, so that they can be found by their number. */
export class Registry {
  readonly sessions = new Map<number, Session>();

  open(id: number): Session {
    const session = new Session(id);
    this.sessions.set(id, session);
    return session;
  }

  close({ id }: Session): void {
    this.sessions.delete(id);
  }
}
