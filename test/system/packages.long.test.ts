import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fitOf, measured, ROOT, run } from "./cli.js";

/** Versions that install without scripts. */
const PACKAGES: Record<string, string> = {
  "@msgpack/msgpack": "3.1.3",
  acorn: "8.19.0",
  ajv: "8.20.0",
  cheerio: "1.2.0",
  dataloader: "2.2.3",
  "drizzle-orm": "0.45.4",
  eventemitter3: "5.0.4",
  "express-session": "1.19.0",
  graphql: "16.15.0",
  handlebars: "4.7.10",
  immer: "11.2.13",
  immutable: "5.2.1",
  joi: "18.3.2",
  keyv: "5.6.0",
  libsql: "0.5.29",
  "lru-cache": "11.5.3",
  luxon: "3.7.2",
  mobx: "7.1.3",
  mongoose: "9.12.1",
  "p-queue": "9.3.5",
  pino: "10.4.0",
  redux: "5.0.1",
  rxjs: "7.8.2",
  sharp: "0.35.5",
  "socket.io-parser": "4.2.7",
  three: "0.187.0",
  "tough-cookie": "6.1.0",
  undici: "7.30.2",
  ws: "8.23.0",
  xstate: "5.33.3",
  yjs: "13.6.33",
  zod: "4.6.7",
};

/** Subjects by name: instances of the smaller population of plain Node, and the module. */
const SUBJECTS: Record<string, [instances: number, source: string]> = {
  "lru-cache": [
    500,
    `import { LRUCache } from "lru-cache";
export const create = (i) => { const c = new LRUCache({ max: 10 }); c.set(\`k\${i}\`, { i }); return c; };`,
  ],
  keyv: [
    300,
    `import Keyv from "keyv";
export const create = async (i) => { const k = new Keyv(); await k.set("a", { i }); return k; };`,
  ],
  "keyv-entry": [
    1000,
    `import Keyv from "keyv";
const k = new Keyv();
export const create = async (i) => { await k.set(\`session:\${i}\`, { user: i, name: \`user \${i}\` }); return i; };`,
  ],
  "ws-receiver": [
    500,
    `import { Receiver } from "ws";
export const create = () => new Receiver();`,
  ],
  "undici-headers": [
    1000,
    `import { Headers } from "undici";
export const create = (i) => new Headers({ "content-type": "application/json", "x-request-id": \`r\${i}\`, cookie: \`sid=\${i}\` });`,
  ],
  "zod-schema": [
    200,
    `import { z } from "zod";
export const create = (i) => z.object({ id: z.number(), name: z.string().min(1), tags: z.array(z.string()), [\`f\${i}\`]: z.boolean() });`,
  ],
  "ajv-validator": [
    100,
    `import { Ajv } from "ajv";
const ajv = new Ajv();
export const create = (i) => ajv.compile({ type: "object", properties: { id: { type: "integer", minimum: i }, name: { type: "string" } }, required: ["id"] });`,
  ],
  "rxjs-subject": [
    1000,
    `import { BehaviorSubject, map } from "rxjs";
export const create = (i) => { const s = new BehaviorSubject(i);
const sub = s.pipe(map((x) => x + 1)).subscribe(() => {}); return { s, sub }; };`,
  ],
  "graphql-ast": [
    200,
    `import { parse } from "graphql";
export const create = (i) => parse(\`query Q\${i} { user(id: \${i}) { id name posts(first: 10) { edges { node { title } } } } }\`);`,
  ],
  "yjs-doc": [
    200,
    `import * as Y from "yjs";
export const create = (i) => { const d = new Y.Doc(); d.getText("t").insert(0, \`hello \${i}\`); return d; };`,
  ],
  "libsql-statement": [
    500,
    `import Database from "libsql"; let db;
export const prepare = () => { db = new Database(":memory:"); db.exec("create table t(id integer primary key, name text)"); };
export const create = (i) => db.prepare(\`select id, name from t where id > \${i}\`);`,
  ],
  "libsql-db": [
    50,
    `import Database from "libsql";
export const create = () => { const db = new Database(":memory:"); db.exec("create table t(id integer primary key, name text)"); return db; };
export const release = (db) => { db.close(); };`,
  ],
  "session-store": [
    1000,
    `import session from "express-session"; let store;
export const prepare = () => { store = new session.MemoryStore(); };
export const create = (i) => { const sid = \`sess-\${String(i).padStart(27, "0")}\`; store.set(sid, { cookie: { originalMaxAge: 86400000, path: "/" }, user: { id: i, name: \`user number \${i}\` } }, () => {}); return sid; };`,
  ],
  "socketio-packet": [
    1000,
    `import { Encoder } from "socket.io-parser";
const e = new Encoder();
export const create = (i) => e.encode({ type: 2, nsp: "/", data: ["message", { id: i, text: \`hello \${i}\` }] });`,
  ],
  "mobx-store": [
    300,
    `import { makeAutoObservable } from "mobx"; class Todo { constructor(i) { this.id = i; this.title = \`todo \${i}\`; this.done = false; makeAutoObservable(this); } get label() { return this.title; } toggle() { this.done = !this.done; } } export const create = (i) => new Todo(i);`,
  ],
  "immer-state": [
    500,
    `import { produce } from "immer";
const base = { list: Array.from({ length: 10 }, (_, k) => ({ k })) };
export const create = (i) => produce(base, (d) => { d.list[0].k = i; d.list.push({ k: i }); });`,
  ],
  "luxon-datetime": [
    1000,
    `import { DateTime } from "luxon";
export const create = (i) => DateTime.fromMillis(1.7e12 + i * 1000, { zone: "Europe/Berlin" });`,
  ],
  "pino-child": [
    500,
    `import pino from "pino";
const log = pino({ level: "silent" });
export const create = (i) => log.child({ requestId: \`r\${i}\`, user: i });`,
  ],
  "three-mesh": [
    200,
    `import { BoxGeometry, Mesh, MeshBasicMaterial } from "three";
export const create = () => new Mesh(new BoxGeometry(), new MeshBasicMaterial());`,
  ],
  "immutable-map": [
    300,
    `import { Map as M } from "immutable";
export const create = (i) => M(Array.from({ length: 20 }, (_, k) => [\`k\${k}\`, i + k]));`,
  ],
  "mongoose-doc": [
    100,
    `import mongoose from "mongoose";
const S = new mongoose.Schema({ name: String, age: Number, tags: [String] }); const U = mongoose.model("U", S);
export const create = (i) => new U({ name: \`user \${i}\`, age: i, tags: ["a", "b"] });`,
  ],
  "drizzle-query": [
    100,
    `import { drizzle } from "drizzle-orm/sqlite-proxy";
import { sqliteTable, integer, text } from "drizzle-orm/sqlite-core";
import { eq } from "drizzle-orm";
const t = sqliteTable("t", { id: integer("id"), name: text("name") }); const db = drizzle(async () => ({ rows: [] }));
export const create = (i) => db.select().from(t).where(eq(t.id, i)).prepare();`,
  ],
  "msgpack-encoder": [
    300,
    `import { Encoder } from "@msgpack/msgpack";
export const create = (i) => { const e = new Encoder(); e.encode({ i, name: \`n\${i}\` }); return e; };`,
  ],
  "xstate-actor": [
    200,
    `import { createActor, createMachine } from "xstate";
const m = createMachine({ id: "t", initial: "off", states: { off: { on: { T: "on" } }, on: { on: { T: "off" } } } });
export const create = () => { const a = createActor(m); a.start(); return a; };`,
  ],
  eventemitter3: [
    1000,
    `import { EventEmitter } from "eventemitter3";
export const create = (i) => { const e = new EventEmitter(); e.on("a", () => i); e.on("b", () => i + 1); return e; };`,
  ],
  "joi-schema": [
    50,
    `import Joi from "joi";
export const create = (i) => Joi.object({ id: Joi.number().min(i), name: Joi.string().max(40) });`,
  ],
  "acorn-ast": [
    300,
    `import { parse } from "acorn";
export const create = (i) => parse(\`function f\${i}(a, b) { return a.map((x) => x * \${i} + b); }\`, { ecmaVersion: 2022 });`,
  ],
  "tough-cookie": [
    200,
    `import { CookieJar } from "tough-cookie";
export const create = async (i) => { const j = new CookieJar(); await j.setCookie(\`sid=\${i}; Path=/; HttpOnly\`, "http://example.com/"); return j; };`,
  ],
  "redux-store": [
    500,
    `import { legacy_createStore as createStore } from "redux";
export const create = (i) => createStore((s = { i, items: [] }) => s);`,
  ],
  "cheerio-doc": [
    200,
    `import * as cheerio from "cheerio";
export const create = (i) => cheerio.load(\`<ul><li>\${i}</li><li>b</li></ul>\`);`,
  ],
  handlebars: [
    50,
    `import Handlebars from "handlebars";
export const create = (i) => { const t = Handlebars.compile(\`Hello {{name}} \${i} {{#each items}}{{this}}{{/each}}\`); t({ name: "x", items: [1] }); return t; };`,
  ],
  "p-queue": [
    500,
    `import PQueue from "p-queue";
export const create = () => new PQueue({ concurrency: 2 });`,
  ],
  sharp: [
    100,
    `import sharp from "sharp";
export const create = () => sharp({ create: { width: 64, height: 64, channels: 3, background: "red" } });`,
  ],
  dataloader: [
    500,
    `import DataLoader from "dataloader";
export const create = async (i) => { const d = new DataLoader(async (keys) => keys); await d.load(i); return d; };`,
  ],
};

/** Doubts that say why a number of another population may be another one. */
const REASONS = ["cold-and-warm-differ", "depends-on-number", "not-linear", "uneven-instances"];

interface Truth {
  perInstanceBytes: number;
  /** Slope of anonymous pages that hold something, and its range over two halves. */
  pages: { value: number; low: number; high: number };
}

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
let missing: string | undefined;

beforeAll(() => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  mkdirSync(join(folder, "subjects"));
  const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  try {
    execFileSync(
      "npm",
      ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted],
      { cwd: folder, stdio: ["ignore", "ignore", "pipe"], timeout: 100_000 },
    );
  } catch (error) {
    missing = `the packages cannot be installed: ${String((error as { stderr?: Buffer }).stderr ?? error).slice(0, 300)}`;
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What plain Node says: the growth of the heap between two populations, and of the process's pages. */
async function truthOf(file: string, instances: number): Promise<Truth> {
  const script = join(ROOT, "test/fixtures/plain-truth.mjs");
  const { stdout, stderr } = await run(process.execPath, [script, file, String(instances)], { cwd: folder });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Truth;
}

test.for(Object.entries(SUBJECTS))("%s", async ([name, [instances, source]], { skip }) => {
  if (missing !== undefined) skip(missing);
  const file = join(folder, "subjects", `${name}.mjs`);
  writeFileSync(file, `${source}\n`);
  const { perInstanceBytes: truth, pages } = await truthOf(file, instances);
  const result = await measured([file, "--trials", "3"], { cwd: folder });
  const { perUnitBytes, totalPerUnitBytes } = fitOf(result);
  const doubts = result.warnings.map((doubt) => doubt.name);
  const { value: total } = totalPerUnitBytes as { value: number };

  const isWithin =
    Math.abs(perUnitBytes.value - truth) <= Math.max(1, 0.01 * truth) ||
    (perUnitBytes.low <= truth && truth <= perUnitBytes.high);
  const read = `${perUnitBytes.value} B, plain Node ${truth} B; doubts: ${doubts.join(", ") || "none"}`;
  expect(isWithin || doubts.some((doubt) => REASONS.includes(doubt)), read).toBe(true);
  if (doubts.some((doubt) => REASONS.includes(doubt))) return;
  const inAll = `${total} B in all, pages ${pages.value} B; ${read}`;
  expect(total, inAll).toBeGreaterThanOrEqual(0.9 * pages.low);
  expect(total, inAll).toBeLessThanOrEqual(1.1 * pages.high);
});
