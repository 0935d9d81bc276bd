import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ended } from "./cli.js";
import { MAIN, ROOT, run } from "./cli.js";
import { commandsOf, PAGES } from "./docs-commands.js";

const OOM =
  "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.10 GiB. GPU 0 has a total capacity of 14.74 GiB of which 1.05 GiB is free. Process 7 has 13.68 GiB memory in use. Of the allocated memory 12.50 GiB is allocated by PyTorch, and 1.03 GiB is reserved by PyTorch but unallocated.\n";

/** A pickle of {"segments": [], "device_traces": [[]]}, as torch.cuda.memory._dump_snapshot writes an empty one. */
const PICKLE = `import pickle; pickle.dump({"segments": [], "device_traces": [[]]}, open("snapshot.pickle", "wb"))`;

/** Any protocol: events at /events, a page elsewhere. */
const SERVER = `const server = require("node:http").createServer((request, response) => {
  if (request.url !== "/events") return response.end("hello");
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write("data: hello\\n\\n");
});
server.listen(0, "127.0.0.1");
`;
const TCP = `import socketserver
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)
class Server(socketserver.ThreadingTCPServer):
    request_queue_size = 200
Server(("127.0.0.1", 0), Handler).serve_forever()
`;

/** 24 bytes of an object and 8 a field: below the budget of the page. */
const TINY = `class Session { constructor(i) { this.id = i; this.at = 1.7e12 + i; } }
export default {
  name: "tiny", unit: "session", factors: { sessions: [1, 10, 100] }, population: "sessions",
  subject: { create: (i) => new Session(i) },
};
`;

const TALK = `${JSON.stringify({ conversation_id: "a", messages: [{ role: "user", content: "hello" }] })}\n`;

interface DocsFolder {
  folder: string;
  /** Runs bytesper with these words, as a shell reads them. */
  runLine: (words: string) => Promise<Ended>;
  remove: () => void;
}

/** What the pages take for granted, under the names that they use. */
export async function docsFolder(): Promise<DocsFolder> {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-docs-"));
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text);
  };
  for (const name of ["train.log", "crashed.log"]) write(name, OOM);
  const session = readFileSync(join(ROOT, "docs/examples/session.mjs"), "utf8");
  write("session.mjs", session);
  write("session.ts", `${session}\nexport const create = () => new Session();\n`);
  const handler = "const kept = [];\nexport default (index) => void kept.push({ index });\n";
  write("handler.mjs", handler);
  const typed =
    "const kept: object[] = [];\nexport const handle = (index: number) => void kept.push({ index });\n";
  write("handler.ts", typed);
  for (const name of ["server.js", "server.mjs"])
    write(
      name,
      name === "server.js" ? SERVER : SERVER.replace('require("node:http")', '(await import("node:http"))'),
    );
  write("server.py", TCP);
  write("server", `#!/bin/sh\nexec python3 server.py\n`);
  chmodSync(join(folder, "server"), 0o755);
  write("package.json", JSON.stringify({ name: "app", private: true, scripts: { start: "node server.js" } }));
  // The client of the page, as it stands there.
  const client = /```js\n(import \{ connect[\s\S]*?)```/.exec(
    readFileSync(join(ROOT, "docs/connections.md"), "utf8"),
  );
  write("client.mjs", client?.[1] ?? "");
  write("tiny.experiment.mjs", TINY);
  write(
    "bytesper.config.json",
    JSON.stringify({ tiny: { file: "./tiny.experiment.mjs", perSession: "70 B" } }),
  );
  write("chats.jsonl", TALK);
  write("app.ts", "export const port: number = 1;\n");
  write("rules.json", JSON.stringify({ rules: [{ when: "rssBytes > 900 GiB" }] }));
  write("train.py", "print('{\"loss\": 0.31}')\n");
  write("hog.py", "print('{}')\n");
  const cells = 'command: ["python3", "train.py"], factors: { width: [64, 128] }, unit: "run"';
  for (const name of ["loss", "train", "hog"])
    write(`${name}.experiment.mjs`, `export default { name: "${name}", ${cells} };\n`);
  write("talks.jsonl", TALK);
  write(
    "config.json",
    JSON.stringify({
      model_type: "llama",
      hidden_size: 64,
      intermediate_size: 128,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      vocab_size: 100,
      max_position_embeddings: 4096,
      tie_word_embeddings: false,
      torch_dtype: "bfloat16",
    }),
  );
  write("log.csv", "step,action,reason,mem_size\n1,commit,novel,1\n2,stage,low,1\n3,commit,novel,2\n");
  write("training.csv", "step,mem_size\n1,1\n3,2\n");
  for (const name of ["results-main", "results-branch"]) {
    mkdirSync(join(folder, name));
    cpSync(join(ROOT, "results/session-scaling"), join(folder, name, "session-scaling"), { recursive: true });
  }
  cpSync(join(ROOT, "docs/paper"), join(folder, "docs/paper"), { recursive: true });
  cpSync(join(ROOT, "results"), join(folder, "results"), { recursive: true });
  for (const name of ["old", "new"])
    cpSync(join(ROOT, "results/session-scaling"), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const snapshots = ["before", "after", "third", "server"].map((name) => `"${name}.heapsnapshot"`);
  const taken = await run(
    process.execPath,
    ["-e", `for (const name of [${snapshots.join()}]) v8.writeHeapSnapshot(name)`],
    { cwd: folder },
  );
  if (taken.code !== 0) throw new Error(taken.stderr);
  const pickled = await run("python3", ["-c", PICKLE], { cwd: folder });
  if (pickled.code !== 0) throw new Error(pickled.stderr);
  const holding = "class Session {} globalThis.all = Array.from({ length: 100 }, () => new Session());";
  // One without an inspector, and one whose inspector is open.
  const held = [[], ["--inspect=127.0.0.1:0"]].map((flags) =>
    spawn(
      process.execPath,
      [...flags, "-e", `${holding} setInterval(() => {}, 1000); console.log("holds")`],
      {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
      },
    ),
  );
  const [plain, open] = held;
  // Before its own code runs, Node would die of the signal that opens its inspector.
  const [, said] = await Promise.all([
    plain === undefined ? undefined : once(plain.stdout, "data"),
    open === undefined ? undefined : once(open.stderr, "data"),
  ]);
  write("held.pid", String(plain?.pid));
  write("inspected.address", /ws:\/\/([\d.:]+)\//.exec(String(said))?.[1] ?? "");
  return {
    folder,
    runLine: (words) =>
      run("bash", ["-c", `"$0" "${MAIN}" ${words} < train.log`, process.execPath], { cwd: folder }),
    remove: () => {
      for (const each of held) each.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

/** What a reader puts in the place of a word in capitals, and files that a page calls by a path of its own. */
const PUT: readonly [RegExp, string][] = [
  [
    / (?:FILE \[FILE2 \[FILE3\]\]|FIRST SECOND THIRD)/,
    " before.heapsnapshot after.heapsnapshot third.heapsnapshot",
  ],
  [/ BEFORE AFTER/, " before.heapsnapshot after.heapsnapshot"],
  [/(?<=snapshot) FILE/, " server.heapsnapshot"],
  [/FILE(?= --chaos)/, "hog.experiment.mjs"],
  [/FILE\.\.\. /, "hog.experiment.mjs "],
  [/FILE\.\.\.$/, "hog.experiment.mjs --out hogs"],
  [/FILE\.mjs --out results/, "hog.experiment.mjs --out hogs"],
  [/(?<=experiment\.mjs) --out results/, " --out hogs"],
  [/^run train\.experiment\.mjs$/, "run train.experiment.mjs --out trained"],
  [/(?<=train\.experiment\.mjs --trials 5)$/, " --out trials"],
  [/(?<=--rules )FILE -- COMMAND/, "rules.json -- python3 train.py"],
  [/LOG\.csv/, "log.csv"],
  [/TRAIN\.csv/, "training.csv"],
  [/\bLOG\b/, "train.log"],
  [/\bMODEL\b/, "Qwen2.5-3B"],
  [/(?<=--tokens )N\b/, "8000"],
  [/(?<=^import )(?:MODULE|\.\/src\/app\.ts|express|eslint)/, "./app.ts"],
  [/(?<=^attach )127\.0\.0\.1:9229/, "$(cat inspected.address)"],
  [/(?<=^attach )(?:PID|\d+)(?= |$)/, "$(cat held.pid)"],
  [/--growth 60s/, "--growth 1s"],
  [/^devices --watch.*/, "devices --watch --times 1"],
  [/^compare OLD NEW/, "compare old new"],
  [/\bDIR\b/, "hogs"],
  [/^paper paper\.tex/, "paper docs/paper/sample.tex"],
  [/^paper --check$/, "paper --check docs/paper/sample.md"],
  [/(?<=^growth )FILE#handler/, "handler.ts#handle"],
  [/FILE#Class|(?<=^fits )SUBJECT/, "./session.mjs#Session"],
  // Each more start and each more millisecond costs all who wait for this test.
  [/^(?=import )(.*)$/, "$1 --trials 1"],
  [/^(?=simulate-context )(.*)$/, "$1 --measure 0"],
];

/** The command lines of all pages for which `which` holds, by the words that run them: several pages may say the same. */
export function linesOf(
  which: (command: string) => boolean,
  small: readonly (readonly [RegExp, string])[] = [],
): Map<string, string[]> {
  const commands = [...new Set(PAGES.flatMap(commandsOf))].filter(which);
  // A run comes first, because status, resume, report and retry go on from it.
  const ordered = commands.sort(
    (one, other) => Number(other.startsWith("bytesper run ")) - Number(one.startsWith("bytesper run ")),
  );
  const lines = new Map<string, string[]>();
  for (const command of ordered) {
    const words = [...PUT, ...small].reduce(
      (text, [from, to]) => text.replace(from, to),
      command.replace(/^bytesper /, ""),
    );
    lines.set(words, [...(lines.get(words) ?? []), command]);
  }
  return lines;
}
