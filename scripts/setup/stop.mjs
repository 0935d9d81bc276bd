/** Ends the set-up with one sentence for the user; with `signal`, by dying of the signal that interrupted it. */
export class Stop extends Error {
  constructor(message, { exitCode = 3, signal, cause } = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.signal = signal;
  }
}
