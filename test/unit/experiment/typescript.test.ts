import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test, onTestFinished, vi } from "vitest";
import { importable } from "../../../src/experiment/compile.js";
import { inOriginalPlaces } from "../../../src/experiment/typescript/places.js";

const root = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(root, { recursive: true });
});

let projects = 0;

/** Writes a project; its first file that is no JSON is the entry. */
function project(files: Record<string, string>, links: Record<string, string> = {}): string {
  const folder = join(root, `p${++projects}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(target, join(folder, path));
  }
  return join(folder, Object.keys(files).find((path) => !path.endsWith(".json")) ?? "");
}

/** Imports as Node does: an import of the test itself would be compiled by the test runner. */
const node = new Worker(
  `const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (url) => import(url).then(
    ({ answer }) => parentPort.postMessage({ answer }),
    (error) => parentPort.postMessage({ error }),
  ));`,
  { eval: true },
);
afterAll(() => node.terminate());

async function load(entry: string): Promise<{ answer: unknown; doubts: readonly string[] }> {
  const { url, doubts, dispose } = await importable(entry);
  try {
    node.postMessage(url);
    const [{ answer, error }] = (await once(node, "message")) as [{ answer?: unknown; error?: Error }];
    if (error !== undefined) throw error;
    return { answer, doubts };
  } finally {
    dispose();
  }
}

const options = (compilerOptions: object): string => JSON.stringify({ compilerOptions });
const ESM = '{ "type": "module" }';
const TYPESCRIPT = fileURLToPath(new URL("../../../node_modules/typescript", import.meta.url));

const FIELDS = `class Message { id: number; editedAt?: number; replyTo?: string; constructor(i: number) { this.id = i; } }
export const answer = Object.keys(new Message(1)).join();\n`;

describe("a project is compiled as its tsconfig.json says", () => {
  const cases: [
    what: string,
    files: Record<string, string>,
    answer: unknown,
    links?: Record<string, string>,
  ][] = [
    [
      "fields are assigned below ES2022",
      { "tsconfig.json": options({ target: "ES2020" }), "a.ts": FIELDS },
      "id",
    ],
    [
      "fields are defined from ES2022 on",
      { "tsconfig.json": options({ target: "ES2022" }), "a.ts": FIELDS },
      "id,editedAt,replyTo",
    ],
    [
      "useDefineForClassFields is stronger than the target",
      { "tsconfig.json": options({ target: "ES2020", useDefineForClassFields: true }), "a.ts": FIELDS },
      "id,editedAt,replyTo",
    ],
    [
      "comments, trailing commas and bases in a list and in a package are read",
      {
        "tsconfig.json":
          '{ // own\n "extends": ["./base", "@base/node/tsconfig.json"], /* two */ "compilerOptions": {}, }',
        "base.json": options({ target: "ES2022" }),
        "node_modules/@base/node/tsconfig.json": options({ useDefineForClassFields: false }),
        "a.ts": FIELDS,
      },
      "id",
    ],
    [
      "of projects that one file refers to, the one that names the file counts",
      {
        "tsconfig.json":
          '{ "files": [], "references": [{ "path": "./tsconfig.node.json" }, { "path": "./tsconfig.app.json" }] }',
        "tsconfig.node.json": '{ "compilerOptions": { "target": "ES2022" }, "include": ["vite.config.ts"] }',
        "tsconfig.app.json":
          '{ "compilerOptions": { "target": "ES2020", "paths": { "~/*": ["./src/*"] } }, "include": ["src"] }',
        "src/a.ts": `import { other } from "~/other"; export { other };\n${FIELDS}`,
        "src/other.ts": "export const other = 1;",
      },
      "id",
    ],
    [
      "private fields below ES2022 are WeakMaps",
      {
        "tsconfig.json": options({ target: "ES2021", module: "ESNext" }),
        "a.ts":
          "class Box { #n = 1; get n() { return this.#n; } }\nexport const answer = /#n/.test(Box.toString());",
      },
      false,
    ],
    [
      "paths lead to files of the project",
      {
        "package.json": ESM,
        "tsconfig.json": options({ paths: { "@lib/*": ["./lib/*"] } }),
        "a.ts": 'import { label } from "@lib/util";\nexport const answer = label;',
        "lib/util.ts": 'export const label: string = "util";',
      },
      "util",
    ],
    [
      "decorators of the old kind get the property's descriptor",
      {
        "tsconfig.json": options({ experimentalDecorators: true, module: "ESNext" }),
        "a.ts": `function twice(_t: object, _k: string, d: PropertyDescriptor) { const f = d.value; d.value = () => 2 * f(); return d; }
class Room { @twice size() { return 21; } }
export const answer = new Room().size();`,
      },
      42,
    ],
    [
      "metadata comes from the project's own TypeScript",
      {
        "tsconfig.json": options({
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          module: "commonjs",
        }),
        "a.ts": `const seen: unknown[] = [];
(Reflect as any).metadata = (_k: string, types: unknown[]) => () => void seen.push(...types);
const Injectable = (_c: unknown): void => undefined;
@Injectable class Service { constructor(readonly when: Date) {} }
export const answer = seen[0] === Date && Service.name;`,
      },
      "Service",
      { "node_modules/typescript": TYPESCRIPT },
    ],
    [
      "JSX that is preserved for a framework is made for its runtime",
      {
        "package.json": ESM,
        "tsconfig.json": options({ jsx: "preserve", jsxImportSource: "mini", module: "ESNext" }),
        "a.tsx": 'import styles from "./a.css";\nexport const answer = <b id="x" {...styles}>{1}</b>;',
        "a.css": "b { color: red }",
        "node_modules/mini/package.json": '{ "exports": { "./jsx-runtime": "./jsx-runtime.mjs" } }',
        "node_modules/mini/jsx-runtime.mjs": "export const jsx = (type, props) => [type, props];",
      },
      ["b", { id: "x", children: 1 }],
    ],
    [
      "a module that exports by assignment is CommonJS",
      {
        "tsconfig.json": options({ module: "commonjs", target: "ES2022" }),
        "a.ts": `import path = require("node:path");
import Helper = require("./helper");
export const answer = [path.sep, new Helper().n, __filename.endsWith("a.ts"), require("./later").x];`,
        "helper.ts": "class Helper { n = 3 }\nexport = Helper;",
        "later.ts": "export const x = 4;",
      },
      ["/", 3, true, 4],
    ],
    [
      "CommonJS by its name",
      { "a.cts": 'const { sep } = require("node:path") as any;\nexports.answer = sep;' },
      "/",
    ],
    [
      "types that are passed on without saying so are no exports",
      {
        "package.json": ESM,
        "tsconfig.json": options({ module: "ESNext" }),
        "a.ts":
          'import { User, Person, one } from "./all";\nconst users: User[] = []; const p: Person | 0 = 0;\nexport const answer = [users.length, p, one];',
        "all.ts":
          'import { User } from "./types";\nexport { User as Person };\nexport { User, one } from "./types";',
        "types.ts": "export interface User { name: string }\nexport const one = 1;",
      },
      [0, 0, 1],
    ],
    [
      "imports with the extension of JavaScript lead to TypeScript",
      {
        "package.json": '{ "type": "module", "imports": { "#db": "./db.ts" } }',
        "a.ts":
          'import { b } from "./b.js";\nimport { c } from "./c.mjs";\nimport { db } from "#db";\nexport const answer = [b, c, db, (await import("./b.js")).b];',
        "b.ts": "export const b: number = 1;",
        "c.mts": "export const c: number = 2;",
        "db.ts": "export const db: number = 3;",
      },
      [1, 2, 3, 1],
    ],
    [
      "JavaScript that imports TypeScript is compiled with it, and one file is one module",
      {
        "package.json": ESM,
        "a.js":
          'import { Room } from "./room";\nimport { make } from "./make.js";\nexport const answer = make() instanceof Room;',
        "make.js": 'import { Room } from "./room.ts";\nexport const make = () => new Room(1);',
        "room.ts": "export class Room { constructor(readonly id: number) {} }",
      },
      true,
    ],
    [
      "packages of the workspace may export TypeScript",
      {
        "package.json": ESM,
        "app/a.ts":
          'import { shared, Base } from "@acme/lib";\nimport { Old } from "old";\nexport const answer = [shared, new Old() instanceof Base];',
        "lib/package.json": '{ "name": "@acme/lib", "type": "module", "exports": "./index.ts" }',
        "lib/index.ts": 'export const shared: string = "s";\nexport class Base {}',
        "old/package.json": '{ "name": "old", "main": "src/index.ts", "type": "module" }',
        "old/src/index.ts": 'import { Base } from "@acme/lib";\nexport class Old extends Base {}',
      },
      ["s", true],
      { "node_modules/@acme/lib": "../../lib", "node_modules/old": "../old" },
    ],
    [
      "enums, namespaces and satisfies are plain values",
      {
        "package.json": ESM,
        "a.ts": `import { Color, Size, Geo } from "./b.js";
import Deep = Geo.Deep;
export const answer = [Color.Blue, Size.L, new Deep.P(5).x, ({ k: 1 } satisfies { k: number }).k];`,
        "b.ts": `export enum Color { Red, Blue = 4 }
export const enum Size { S = 1, L = S << 4 }
export namespace Geo { export namespace Deep { export class P { constructor(public x: number) {} } } }`,
      },
      [4, 16, 5, 1],
    ],
    [
      "JSON, the place of the file, and require in a module",
      {
        "package.json": ESM,
        "a.ts": `import data, { title } from "./data.json";
export const answer = [data.n, title, import.meta.url.endsWith("/a.ts"), require("./data.json").n, __dirname === import.meta.dirname];`,
        "data.json": '{ "n": 7, "title": "T" }',
      },
      [7, "T", true, 7, true],
    ],
  ];
  test.each(cases)("%s", async (_, files, answer, links) => {
    const { answer: found, doubts } = await load(project(files, links));
    expect(found).toEqual(answer);
    expect(doubts).toEqual([]);
  });
});

test("metadata that nobody can make is a doubt", async () => {
  const { doubts } = await load(
    project({
      "tsconfig.json": options({ experimentalDecorators: true, emitDecoratorMetadata: true }),
      "a.ts": "const d = (_: unknown): void => undefined;\n@d export class Room {}",
    }),
  );
  expect(doubts).toEqual([
    expect.stringMatching(/^tsconfig\.json asks for "emitDecoratorMetadata", .* Install typescript there/),
  ]);
});

test("classes keep their names where static parts are compiled away and where two files have one name", async () => {
  const { answer } = await load(
    project({
      "tsconfig.json": options({ target: "ES2020", module: "ESNext" }),
      "a.ts": `import { Room as Other } from "./b";
class Room { static made = 0; n = Room.made++; static { Room.made = 2; } }
export const answer = [Room.name, Other.name, new Room().n, Room.toString().slice(0, 12)];`,
      "b.ts": "export class Room {}",
    }),
  );
  expect(answer).toEqual(["Room", "Room", 2, "class Room {"]);
});

test("JavaScript that leads to no TypeScript is left where it is", async () => {
  const entry = project({ "a.js": 'import "./b.js";\nimport "zod";', "b.js": "", "c.ts": "" });
  const { url } = await importable(entry);
  expect(fileURLToPath(url)).toBe(entry);
});

test("the file and the line of a mistake are those of the file that has it", async () => {
  const entry = project({
    "a.ts": 'import "./broken.js";',
    "broken.ts": "export const a = 1;\nconst b: = 2;\n",
  });
  await expect(importable(entry)).rejects.toThrow(
    /broken\.ts is not valid TypeScript, line 2: Unexpected "="/,
  );
});

test("a frame in compiled code leads to the line of the original, and nothing temporary is left to see", async () => {
  const entry = project({
    "package.json": ESM,
    "a.ts":
      'import { boom } from "./b.js";\nlet stack = "";\ntry { boom(); } catch (error) { stack = error.stack; }\nexport const answer = stack;',
    "b.ts": 'interface Long { a: 1 }\n\nexport function boom(): never {\n  throw new Error("b");\n}',
  });
  // A folder of this test alone: other tests make temporary files at the same time.
  const temporary = mkdtempSync(join(root, "temporary-"));
  vi.stubEnv("TMPDIR", temporary);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { url, dispose } = await importable(entry);
  node.postMessage(url);
  const [{ answer: stack }] = (await once(node, "message")) as [{ answer: string }];
  const lines = inOriginalPlaces(stack).split("\n");
  expect(lines[1]).toContain(`${join(dirname(entry), "b.ts")}:4:9`);
  expect(lines[2]).toContain(`${entry}:3:7`);
  dispose();
  expect(readdirSync(temporary)).toEqual([]);
});
