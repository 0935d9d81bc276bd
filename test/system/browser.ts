import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterAll } from "vitest";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chromium on the PATH; undefined where there is none. */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** A tab of a headless Chromium, driven over its pipe: no port is opened, and nothing of the user's profile is read. */
export interface Tab {
  send(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Opens a page and waits until it has loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page; a promise is awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Presses a key on what has the focus, as a keyboard would. */
  press(key: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  colors(scheme: "light" | "dark"): Promise<void>;
  /** A picture of the whole page. */
  picture(): Promise<Buffer>;
  /** The text of a heap snapshot of the page. */
  heapSnapshot(): Promise<string>;
  /** What the page wrote to the console as an error, exceptions, and violations of its policy. */
  readonly errors: string[];
  /** Addresses that anything was asked from, the page's own first. */
  readonly requests: string[];
}

const KEYS: Record<string, { code: string; windowsVirtualKeyCode: number; text?: string }> = {
  Enter: { code: "Enter", windowsVirtualKeyCode: 13, text: "\r" },
  Tab: { code: "Tab", windowsVirtualKeyCode: 9 },
  " ": { code: "Space", windowsVirtualKeyCode: 32, text: " " },
  ArrowRight: { code: "ArrowRight", windowsVirtualKeyCode: 39 },
  ArrowLeft: { code: "ArrowLeft", windowsVirtualKeyCode: 37 },
  End: { code: "End", windowsVirtualKeyCode: 35 },
};

interface RunningBrowser {
  connection: Connection;
  /** Ends it, whatever happens, with its helpers. */
  close(): Promise<void>;
}

function startBrowser(browser: string): RunningBrowser {
  const profile = mkdtempSync(join(tmpdir(), "bytesper-browser-"));
  // In a container of root's the sandbox cannot start; the page is ours.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const child = spawn(
    browser,
    [
      "--headless=new",
      "--remote-debugging-pipe",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--disable-background-networking",
      `--user-data-dir=${profile}`,
      ...sandbox,
      "about:blank",
    ],
    // A group of its own, so that its helpers end with it.
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => { resolve(); })); // prettier-ignore
  return {
    connection: connect(child.stdio[3] as Writable, child.stdio[4] as Readable, ended),
    close: async () => {
      if (child.pid !== undefined) killGroup(child.pid);
      await ended;
      try {
        rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      } catch {
        // A helper that is still ending writes to it; what is left in the temporary folder is no fault of the page.
      }
    },
  };
}

/** Runs `use` with a tab of a profile of its own; the tests of a file share one browser, which ends with them. */
export function browserOfFile(): <T>(browser: string, use: (tab: Tab) => Promise<T>) => Promise<T> {
  let running: RunningBrowser | undefined;
  afterAll(() => running?.close());
  return async (browser, use) => {
    running ??= startBrowser(browser);
    const { connection } = running;
    const { browserContextId } = await connection.send("Target.createBrowserContext", {});
    try {
      return await use(await openTab(connection, String(browserContextId)));
    } finally {
      await connection.send("Target.disposeBrowserContext", { browserContextId });
    }
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

interface Connection {
  send(method: string, params: Record<string, unknown>, sessionId?: string): Promise<Record<string, unknown>>;
  onEvent(sessionId: string, listener: (method: string, params: Record<string, unknown>) => void): void;
}

/** Messages are JSON, each ended by a zero byte. */
function connect(input: Writable, output: Readable, ended: Promise<void>): Connection {
  const waiting = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>(); // prettier-ignore
  const listeners = new Map<string, (method: string, params: Record<string, unknown>) => void>();
  let last = 0;
  let rest = Buffer.alloc(0);
  // A browser that is gone reads nothing; who waits for it hears of its end.
  input.on("error", () => undefined);
  output.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.toString("utf8", 0, end)) as Message;
      rest = rest.subarray(end + 1);
      const caller = waiting.get(message.id ?? 0);
      if (message.id === undefined)
        listeners.get(message.sessionId ?? "")?.(message.method ?? "", message.params ?? {});
      else if (message.error === undefined) caller?.resolve(message.result ?? {});
      else caller?.reject(new Error(message.error.message));
      waiting.delete(message.id ?? 0);
    }
  });
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error("the browser ended"));
  });
  return {
    onEvent: (sessionId, listener) => void listeners.set(sessionId, listener),
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`); // prettier-ignore
      }),
  };
}

async function openTab(connection: Connection, browserContextId: string): Promise<Tab> {
  const { targetId } = await connection.send("Target.createTarget", {
    url: "about:blank",
    browserContextId,
  });
  const { sessionId } = await connection.send("Target.attachToTarget", { targetId, flatten: true });
  const errors: string[] = [];
  const requests: string[] = [];
  const snapshot: string[] = [];
  let loaded: (() => void) | undefined;
  connection.onEvent(String(sessionId), (method, params) => {
    const found = params as {
      type?: string;
      args?: { value?: string | number | boolean; description?: string }[];
      exceptionDetails?: { text: string; exception?: { description?: string } };
      entry?: { level: string; text: string };
      request?: { url: string };
      chunk?: string;
    };
    if (method === "HeapProfiler.addHeapSnapshotChunk") snapshot.push(found.chunk ?? "");
    if (method === "Page.loadEventFired") loaded?.();
    if (method === "Network.requestWillBeSent") requests.push(found.request?.url ?? "");
    if (method === "Runtime.exceptionThrown")
      errors.push(found.exceptionDetails?.exception?.description ?? found.exceptionDetails?.text ?? "");
    if (method === "Runtime.consoleAPICalled" && /error|warning|assert/.test(found.type ?? ""))
      errors.push((found.args ?? []).map((arg) => String(arg.value ?? arg.description)).join(" "));
    if (method === "Log.entryAdded" && /error|warning/.test(found.entry?.level ?? ""))
      errors.push(found.entry?.text ?? "");
  });
  const send = (method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> =>
    connection.send(method, params, String(sessionId));
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await send(`${domain}.enable`);
  return {
    errors,
    requests,
    send,
    open: async (url) => {
      const done = new Promise<void>((resolve) => (loaded = resolve));
      await send("Page.navigate", { url });
      await done;
    },
    evaluate: async <T>(expression: string): Promise<T> => {
      const { result, exceptionDetails } = (await send("Runtime.evaluate", {
        expression,
        returnByValue: true,
        awaitPromise: true,
      })) as {
        result: { value: T };
        exceptionDetails?: { text: string; exception?: { description?: string } };
      };
      if (exceptionDetails !== undefined)
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    },
    press: async (key) => {
      const named = KEYS[key];
      if (named === undefined) throw new Error(`no such key here: ${key}`);
      await send("Input.dispatchKeyEvent", {
        type: named.text === undefined ? "rawKeyDown" : "keyDown",
        key,
        ...named,
      });
      await send("Input.dispatchKeyEvent", { type: "keyUp", key, ...named });
    },
    heapSnapshot: async () => {
      await send("HeapProfiler.takeHeapSnapshot");
      return snapshot.splice(0).join("");
    },
    resize: async (width, height) => {
      await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 }); // prettier-ignore
    },
    colors: async (scheme) => {
      await send("Emulation.setEmulatedMedia", {
        features: [{ name: "prefers-color-scheme", value: scheme }],
      });
    },
    picture: async () => {
      const { data } = await send("Page.captureScreenshot", { captureBeyondViewport: true });
      return Buffer.from(String(data), "base64");
    },
  };
}
