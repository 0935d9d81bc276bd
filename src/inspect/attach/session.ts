import WebSocket from "ws";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

/** An answer that takes longer comes from a process that is stopped in a debugger, or hangs. */
const ANSWER_MS = 15_000;

/** A session of the inspector protocol over a WebSocket. */
export class InspectorSession {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { done: (result: unknown) => void; failed: (error: Error) => void }>();
  readonly #listeners = new Map<string, (params: unknown) => void>();
  #next = 0;
  #closed: Promise<void>;
  /** Wall time of the calls that stopped the process, ms. */
  readonly pausesMs: number[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#closed = new Promise((done) => {
      socket.on("close", () => {
        for (const { failed } of this.#waiting.values()) failed(closed());
        this.#waiting.clear();
        done();
      });
    });
    socket.on("message", (data) => {
      this.#take(JSON.parse(data.toString()) as Message);
    });
  }

  static open(url: string): Promise<InspectorSession> {
    return new Promise((done, failed) => {
      const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 30 });
      socket.on("open", () => {
        done(new InspectorSession(socket));
      });
      socket.on("error", (error) => {
        failed(
          new BytesperError("BAD_INPUT", `The inspector at ${url} takes no session: ${sentence(error)}.`),
        );
      });
    });
  }

  on(method: string, listener: (params: unknown) => void): void {
    this.#listeners.set(method, listener);
  }

  /** Throws `BAD_INPUT` when no answer comes in `withinMs`. */
  call(method: string, params: object = {}, withinMs = ANSWER_MS): Promise<unknown> {
    const id = ++this.#next;
    return new Promise((done, failed) => {
      // A message to a closed socket would be dropped without a word.
      if (this.#socket.readyState !== WebSocket.OPEN) {
        failed(closed());
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        failed(
          new BytesperError(
            "BAD_INPUT",
            `The process did not answer ${method} within ${withinMs / 1000} s; it may be stopped in a debugger, or busy. Let it go on and try again.`,
          ),
        );
      }, withinMs);
      const ended =
        <T>(use: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          use(value);
        };
      this.#waiting.set(id, { done: ended(done), failed: ended(failed) });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** A call that stops the process until it is done. */
  async stopping(method: string, params: object = {}, withinMs = 600_000): Promise<unknown> {
    const start = performance.now();
    try {
      return await this.call(method, params, withinMs);
    } finally {
      this.pausesMs.push(performance.now() - start);
    }
  }

  /** The value of an expression that is evaluated in the process, as JSON. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = (await this.call("Runtime.evaluate", {
      expression,
      includeCommandLineAPI: true,
      returnByValue: true,
    })) as {
      result: { value?: unknown };
      exceptionDetails?: { exception?: { description?: string }; text: string };
    };
    const { exceptionDetails: thrown } = answer;
    if (thrown !== undefined)
      throw new BytesperError(
        "BAD_INPUT",
        `The process cannot tell its memory: ${(thrown.exception?.description ?? thrown.text).split("\n")[0] ?? ""}.`,
      );
    return answer.result.value;
  }

  async close(): Promise<void> {
    this.#socket.close();
    const timer = setTimeout(() => {
      this.#socket.terminate();
    }, 1000);
    await this.#closed;
    clearTimeout(timer);
  }

  #take({ id, method, params, result, error }: Message): void {
    if (id === undefined) {
      this.#listeners.get(method ?? "")?.(params);
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.done(result);
    else waiting?.failed(new BytesperError("BAD_INPUT", `The process refused: ${error.message}.`));
  }
}

function closed(): BytesperError {
  return new BytesperError("BAD_INPUT", "The process closed its inspector, or ended, while it was asked.");
}
