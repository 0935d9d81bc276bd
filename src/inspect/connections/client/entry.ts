import { generatedCorpus } from "../../../corpus/index.js";
import { sentence } from "../../../base/sentence.js";
import { endTree } from "../../../system/end-tree.js";
import { ProcessTree } from "../../../system/process-tree.js";
import { allPids, hasEnvironment } from "../../../system/process.js";
import type { Target } from "./connection.js";
import type { CrowdState } from "./crowd.js";
import { Crowd } from "./crowd.js";
import type { Protocol } from "./detect.js";
import { detect, dialerOf } from "./detect.js";
import { userDialer } from "./user.js";

/** The first order that a client process gets; its argument is the mark of the server's processes. */
export interface ClientSettings {
  /** The index of its first connection. */
  first: number;
  messages: number;
  /** What a message is; `{text}`, `{index}` and `{turn}` are filled in. */
  template?: string;
  client?: { url: string; file: string };
}

export type ClientOrder =
  | { do: "settings"; settings: ClientSettings }
  | { do: "detect"; target: Target; path?: string }
  | { do: "start"; target: Target; protocol: Protocol }
  | { do: "grow"; count: number }
  | { do: "rest" }
  | { do: "state" }
  | { do: "close" };

/** Before any client has connected. */
const NOTHING: CrowdState = { open: 0, lost: 0, reopened: 0 };

let settings: ClientSettings | undefined;
let crowd: Crowd | undefined;

async function obey(order: ClientOrder): Promise<unknown> {
  switch (order.do) {
    case "settings":
      settings = order.settings;
      return undefined;
    case "detect":
      return detect(order.target, order.path);
    case "start":
      return start(order.target, order.protocol);
    case "grow":
      return crowd?.grow(order.count, settings?.messages ?? 0);
    case "rest":
      return crowd?.rest() ?? NOTHING;
    case "state":
      return crowd?.state() ?? NOTHING;
    case "close":
      return crowd?.close();
  }
}

async function start(target: Target, protocol: Protocol): Promise<void> {
  const { first = 0, template, client, messages = 0 } = settings ?? {};
  const dialer =
    client === undefined
      ? dialerOf(protocol, template !== undefined)
      : await userDialer(client.url, client.file);
  const corpus = generatedCorpus(1);
  crowd = new Crowd(dialer, target, first, (index, turn) => {
    const text = corpus.messages(index, 2 * messages)[2 * turn]?.content ?? "";
    if (template === undefined) return text;
    const known: Record<string, string> = {
      text: JSON.stringify(text).slice(1, -1),
      index: String(index),
      turn: String(turn),
    };
    return template.replace(/\{(text|index|turn)\}/g, (_, name: string) => known[name] ?? "");
  });
}

process.on("message", ({ id, order }: { id: number; order: ClientOrder }) => {
  obey(order).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: sentence(error) }),
  );
});
// Whatever a user's client throws on its own is no reason to lose the connections.
process.on("uncaughtException", () => undefined);
// A terminal sends this to all processes; the one that gives orders decides.
process.on("SIGINT", () => undefined);
process.once("disconnect", () => void leave());
// The channel may have closed while this process was loading.
if (!process.connected) void leave();

/** bytesper was killed: nobody else ends its server, whose processes have the mark in their environment. */
async function leave(): Promise<void> {
  const [, , mark = ""] = process.argv;
  const heads = mark === "" ? [] : allPids().filter((pid) => hasEnvironment(pid, mark));
  for (const pid of heads) await endTree(new ProcessTree(pid, mark), 1000);
  process.exit(0);
}
