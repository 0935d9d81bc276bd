import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAIN, ROOT, run } from "./cli.js";
import { commandsOf, NOT_RUN, PAGES } from "./docs-commands.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-docs-"));
let held: ChildProcess | undefined;
afterAll(() => {
  held?.kill();
  rmSync(folder, { recursive: true, force: true });
});

const OOM =
  "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.10 GiB. GPU 0 has a total capacity of 14.74 GiB of which 1.05 GiB is free. Process 7 has 13.68 GiB memory in use. Of the allocated memory 12.50 GiB is allocated by PyTorch, and 1.03 GiB is reserved by PyTorch but unallocated.\n";

/** What the pages take for granted, under the names that they use. */
beforeAll(async () => {
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text);
  };
  for (const name of ["train.log", "crashed.log"]) write(name, OOM);
  write("app.ts", "export const port: number = 1;\n");
  write("rules.json", JSON.stringify({ rules: [{ when: "rssBytes > 900 GiB" }] }));
  write("train.py", "print('{\"loss\": 0.31}')\n");
  write("hog.py", "print('{}')\n");
  const cells = 'command: ["python3", "train.py"], factors: { width: [64, 128] }, unit: "run"';
  for (const name of ["loss", "train", "hog"])
    write(`${name}.experiment.mjs`, `export default { name: "${name}", ${cells} };\n`);
  write(
    "talks.jsonl",
    `${JSON.stringify({ conversation_id: "a", messages: [{ role: "user", content: "hello" }] })}\n`,
  );
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
  expect(taken.code, taken.stderr).toBe(0);
  const holding = "class Session {} globalThis.all = Array.from({ length: 100 }, () => new Session());";
  held = spawn(process.execPath, ["-e", `${holding} setInterval(() => {}, 1000); console.log("holds")`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  // Before its own code runs, Node would die of the signal that opens its inspector.
  if (held.stdout !== null) await once(held.stdout, "data");
  write("held.pid", String(held.pid));
}, 60_000);

/** What a reader puts in the place of a word in capitals, and files that a page calls by a path of its own. */
const PUT: readonly [RegExp, string][] = [
  [
    / (?:FILE \[FILE2 \[FILE3\]\]|FIRST SECOND THIRD)/,
    " before.heapsnapshot after.heapsnapshot third.heapsnapshot",
  ],
  [/ BEFORE AFTER/, " before.heapsnapshot after.heapsnapshot"],
  [/(?<=snapshot) FILE/, " server.heapsnapshot"],
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
  [/(?<=^attach )(?:PID|\d+)\b/, "$(cat held.pid)"],
  [/--growth 60s/, "--growth 1s"],
  [/^devices --watch.*/, "devices --watch --times 1"],
  [/^compare OLD NEW/, "compare old new"],
  [/\bDIR\b/, "hogs"],
  [/^paper paper\.tex/, "paper docs/paper/sample.tex"],
  [/^paper --check$/, "paper --check docs/paper/sample.md"],
  // Each more start and each more millisecond costs all who wait for this test.
  [/^(?=import )(.*)$/, "$1 --trials 1"],
  [/^(?=simulate-context )(.*)$/, "$1 --measure 0"],
];

/** Exit codes that are right though they are not 0. */
const CODES: readonly [RegExp, readonly number[]][] = [
  [/^devices/, [0, 3]],
  // The sample names figures by their path, which is another one in a copy of the folder.
  [/^paper .*--check/, [0, 1]],
];

const commands = [...new Set(PAGES.flatMap(commandsOf))];
const isLeftOut = (command: string): boolean => NOT_RUN.some(([left]) => left.test(command));

test("each reason not to run a command still has its command", () => {
  const idle = NOT_RUN.filter(([left]) => !commands.some((command) => left.test(command)));
  expect(idle.map(([left]) => String(left))).toEqual([]);
});

// A run comes first, because status, resume, report and retry go on from it.
const ordered = [...commands].sort(
  (one, other) => Number(other.startsWith("bytesper run ")) - Number(one.startsWith("bytesper run ")),
);

/** By what is run: several pages may say the same. */
const lines = new Map<string, string[]>();
for (const command of ordered.filter((each) => !isLeftOut(each))) {
  const words = PUT.reduce((text, [from, to]) => text.replace(from, to), command.replace(/^bytesper /, ""));
  lines.set(words, [...(lines.get(words) ?? []), command]);
}

test.each([...lines].map(([words, said]) => [said.join(" = "), words] as const))(
  "%s",
  async (_, words) => {
    const line = `"$0" "${MAIN}" ${words} < train.log`;
    const { code, stderr } = await run("bash", ["-c", line, process.execPath], { cwd: folder });
    const expected = CODES.find(([of]) => of.test(words))?.[1] ?? [0];
    expect(expected, `${words}\n${stderr}`).toContain(code);
  },
  60_000,
);
