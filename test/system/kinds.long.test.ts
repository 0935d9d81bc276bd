import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Result } from "../../src/record/schema.js";
import { fitOf, inFolder, measured, otherNodes, ROOT, unusedPort } from "./cli.js";

interface Kind {
  source: string;
  /** Name of the file; `subject.mjs` by default. */
  name?: string;
  /** Export that is measured; `create` by default. */
  of?: string;
  /** Least and most bytes that one costs the process. */
  total: [least: number, most: number];
  /** Doubts that must be there. */
  doubts?: string[];
  /** Doubts that would be wrong. */
  not?: string[];
  /** Whether the kind depends on the version of Node. */
  versions?: true;
  also?: (result: Result) => void;
}

const LIBSQL = JSON.stringify(join(ROOT, "node_modules/libsql/index.js"));

const PORT = String(unusedPort());

const KINDS: Record<string, Kind> = {
  // Object with two fields 40, array 32 with one place 24, text 24; a Map's entry takes 28 to 38, because it doubles.
  "a class that registers itself by number": {
    source:
      "const seats = new Map(); export class Seat { constructor(i) { this.number = i; this.notes = [`n${i}`]; seats.set(i, this); } }",
    of: "Seat",
    total: [148, 158],
    doubts: ["retained-after-release", "held-elsewhere"],
    versions: true,
    also: ({ holder }) => {
      expect(holder?.join()).toMatch(/variable "seats"/);
    },
  },
  // Object with two fields 40, array 32 with one place 24, text 24. V8 keeps pages of dropped ones for later.
  "a class that leaves nothing": {
    source: "export class Seat { constructor(i) { this.number = i; this.notes = [`n${i}`]; } }",
    of: "Seat",
    total: [120, 120],
    not: ["retained-after-release", "methods-disagree"],
    versions: true,
  },
  // As above; the shorthand of TypeScript sets the same two fields.
  "a class in TypeScript": {
    name: "subject.ts",
    source:
      "export class Seat { notes: string[]; constructor(private readonly i: number) { this.notes = [`n${i}`]; } }",
    of: "Seat",
    total: [120, 120],
    versions: true,
  },
  // Cells that run side by side meet there, and are then run one after another.
  "a module that listens on a port when it is imported": {
    source: `import { createServer } from "node:http";
createServer().listen(${PORT}, "127.0.0.1").unref();
export class Seat { constructor(i) { this.number = i; this.notes = [\`n\${i}\`]; } }`,
    of: "Seat",
    total: [120, 120],
    not: ["cells-missing"],
    versions: true,
  },
  "a first use that is heavy and awaited": {
    source: `let table;
const load = () => new Promise((done) => setTimeout(() => done(Array.from({ length: 60_000 }, (_, k) => ({ k }))), 30));
export const create = async (i) => { table ??= await load(); return { i, table }; };`,
    total: [40, 40],
    versions: true,
    also: ({ rows }) => {
      expect(rows[0]?.instances).toBeGreaterThanOrEqual(200);
    },
  },
  // Elements 24,000 + 16, the array 32. V8's books of its pages, up to 574 B of malloc since Node 24, are not its own.
  "a large array": {
    source: "export const create = (i) => new Array(3000).fill(i);",
    total: [24_048, 24_048],
    not: ["native-undeclared", "cold-and-warm-malloc-differ"],
    versions: true,
  },
  // Object without fields 24, text 16 + 8 to 16; a place of a WeakMap takes 16, and two to four are there for each entry.
  "private fields in a WeakMap": {
    source:
      "const names = new WeakMap(); class Meter { constructor(i) { names.set(this, `meter ${i}`); } } export const create = (i) => new Meter(i);",
    total: [24 + 32 + 32, 24 + 64 + 32],
    doubts: ["cold-and-warm-differ"],
    versions: true,
  },
  "pages of a WebAssembly memory that are used again": {
    source: `const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 }); const free = [];
export const create = (i) => { const page = free.pop() ?? memory.grow(1); new Uint8Array(memory.buffer, page * 65536, 65536).fill(i); return { page }; };
export const release = ({ page }) => { free.push(page); };`,
    // Node 26 declares no WebAssembly memory, and the kernel's pages tell it to 0.5 %.
    total: [0.995 * 65_536, 66_200],
    versions: true,
  },
  "a WebAssembly memory of its own, which is mapped": {
    source:
      "export const create = () => { const memory = new WebAssembly.Memory({ initial: 4, maximum: 16 }); new Uint8Array(memory.buffer).fill(1); return memory; };",
    total: [0.995 * 262_144, 263_500],
    not: ["external-overdeclared"],
    versions: true,
  },
  // Pages of zeros that nobody writes to are in no process.
  "a buffer in reserve": {
    source: "export const create = () => new ArrayBuffer(1_000_000);",
    total: [1_000_000, 1_001_000],
    doubts: ["memory-not-touched"],
  },
  "native memory that stays behind": {
    source:
      'const kept = []; export const create = (i) => { kept.push(new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "long", timeZone: "UTC" })); return { i }; };',
    total: [20_000, 40_000],
    versions: true,
    doubts: ["retained-after-release", "native-undeclared"],
    also: ({ leak }) => {
      const left = leak === undefined || "absent" in leak ? leak : leak.nativePerInstanceBytes;
      expect((left as { value: number }).value).toBeGreaterThan(20_000);
    },
  },
  "a worker": {
    source: `import { once } from "node:events"; import { Worker } from "node:worker_threads";
export const create = async () => { const worker = new Worker("require('worker_threads').parentPort.on('message', () => {}).postMessage(1)", { eval: true }); await once(worker, "message"); return worker; };
export const release = (worker) => worker.terminate();`,
    // "about 5MB in RSS for an empty thread" (nodejs/node#32265); 7 MB on Node 20, 9.7 MB on Node 24.
    total: [4e6, 16e6],
    versions: true,
    doubts: ["seen-by-kernel-alone"],
  },
  "a first use that is heavy": {
    source:
      "let table; export const create = (i) => { table ??= Array.from({ length: 60_000 }, (_, k) => ({ k })); return { i, table }; };",
    total: [40, 40],
    also: ({ rows }) => {
      expect(rows[0]?.instances).toBeGreaterThanOrEqual(200);
    },
  },
  // Object 32 and what is held 32; the registry's cell is 72 to 80, and its table has a place for each.
  "what a FinalizationRegistry holds": {
    source:
      "const registry = new FinalizationRegistry(() => {}); export const create = (i) => { const own = { i }; registry.register(own, { held: i }); return own; };",
    total: [130, 170],
    not: ["uneven-instances", "methods-disagree"],
    versions: true,
  },
  "a small buffer that keeps its slab": {
    source:
      "export const create = (i) => { const id = Buffer.allocUnsafe(32); id.writeUInt32LE(i); for (let k = 0; k < 4; k++) Buffer.allocUnsafe(2000).fill(1); return id; };",
    total: [8192 + 96, 8192 + 600],
    // Slabs of Node 24 and later have 64 KiB, for eight of these.
    not: ["not-linear", "negative-fixed-cost"],
    versions: true,
    also: ({ waste, environment }) => {
      const slab = waste.find(({ name }) => name === "buffers that a small view keeps");
      const slabBytes = Number.parseInt(environment.node.replace("v", "")) >= 24 ? 65_536 : 8192;
      expect(slab?.bytes).toBeGreaterThan(8192 - 32 - 50);
      // The first and the last slab of 1,000 instances may be filled in part: 131 B each for large slabs.
      expect(slab?.bytes).toBeLessThan(8192 - 32 + Math.max(50, (2 * slabBytes) / 1000));
    },
  },
  "a timer, which the runtime holds too": {
    source:
      "export const create = (i) => { const timer = setTimeout(() => i, 3_600_000); timer.unref(); return { timer }; }; export const release = ({ timer }) => { clearTimeout(timer); };",
    total: [200, 330],
    versions: true,
    not: ["methods-disagree"],
    also: ({ holder }) => {
      expect(holder?.join()).toMatch(/TimersList/);
    },
  },
  "a context of its own": {
    source:
      'import vm from "node:vm"; export const create = (i) => { const context = vm.createContext({ i }); vm.runInContext("i + 1", context); return context; };',
    // 145 kB of heap on Node 20, 167 kB and tables of V8's outside of it on Node 26.
    total: [140_000, 200_000],
    versions: true,
    also: ({ breakdown, fit }) => {
      const covered = breakdown.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(covered).toBeGreaterThan(0.9 * (fit as { perUnitBytes: { value: number } }).perUnitBytes.value);
    },
  },
  // 40 for itself; the frame, the list of storages and the resource keep an entry of each that ran.
  "an AsyncLocalStorage for each attempt": {
    source: `import { AsyncLocalStorage } from "node:async_hooks";
export const create = (i) => { const storage = new AsyncLocalStorage(); return storage.run({ i }, () => storage); };`,
    total: [64, 140],
    doubts: ["retained-after-release"],
    not: ["seen-by-kernel-alone"],
    versions: true,
  },
  "a handler that returns nothing and keeps a record": {
    source:
      "const seen = []; let calls = 0; export const create = async () => { seen.push({ at: calls++ }); };",
    total: [32 + 8, 32 + 20],
    versions: true,
    doubts: ["retained-after-release"],
    also: ({ unit }) => {
      expect(unit).toBe("call");
    },
  },
  "a statement whose memory a late finalizer frees": {
    source: `import Database from ${LIBSQL}; let db;
export const prepare = () => { db = new Database(":memory:"); db.exec("create table t(id integer primary key, name text)"); };
export const create = (i) => db.prepare(\`select id, name from t where id > \${i}\`);`,
    // 3,596 B of malloc by mallinfo2 for each of 16,000 statements that all live (3,587 to 3,602 in steps of 1,000),
    // and 72 B of heap.
    total: [3640, 3700],
    versions: true,
    doubts: ["native-undeclared"],
  },
};

function versionOf(node: string): string {
  return execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
}

const here = { name: process.version, node: process.execPath };
const others = otherNodes().map((node) => ({ name: versionOf(node), node }));

describe.each([here, ...others])("Node $name", ({ node }) => {
  const kinds = Object.entries(KINDS).filter(([, { versions }]) => versions === true || node === here.node);
  test.each(kinds)(
    "%s",
    async (_, { source, name = "subject.mjs", of, total, doubts = [], not = [], also }) => {
      await inFolder(async (folder) => {
        const file = join(folder, name);
        writeFileSync(file, `${source}\n`);
        const subject = of === undefined ? file : `${file}#${of}`;
        const result = await measured([subject, "--trials", "3"], { node });
        const { value } = fitOf(result).totalPerUnitBytes as { value: number };
        const names = result.warnings.map(({ name }) => name);
        expect(value).toBeGreaterThanOrEqual(total[0]);
        expect(value).toBeLessThanOrEqual(total[1]);
        expect(names).toEqual(expect.arrayContaining(doubts));
        for (const wrong of not) expect(names).not.toContain(wrong);
        also?.(result);
      });
    },
  );
});
