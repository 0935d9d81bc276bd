import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bytesper, ROOT, run, subject } from "./cli.js";

// Each matcher starts some six runs of the test runner.
const timeout = 600_000;
let folder = "";

/** A project with bytesper installed as a package, which is a copy and no link: links are transformed as sources. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  const packages = join(folder, "node_modules");
  const own = join(packages, "bytesper");
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(ROOT, "node_modules", name), join(packages, name));
  }
  cpSync(join(ROOT, "dist"), join(own, "dist"), { recursive: true });
  symlinkSync(join(ROOT, "build"), join(own, "build"));
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const entry = { types: "./dist/vitest/index.d.ts", default: "./dist/vitest/index.js" };
  const manifest = { name: "bytesper", version, type: "module", exports: { "./vitest": entry } };
  writeFileSync(join(own, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
  cpSync(join(ROOT, "docs/examples/vitest"), folder, { recursive: true });
  cpSync(subject("known.mjs"), join(folder, "known.mjs"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Report {
  testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

/** What became of each test of a file: nothing for one that passed, or all that it failed with. */
async function outcomes(file: string, text?: string): Promise<Record<string, string>> {
  if (text !== undefined) writeFileSync(join(folder, file), text);
  const runner = join(folder, "node_modules/vitest/vitest.mjs");
  const ended = await run(process.execPath, [runner, "run", join(folder, file), "--reporter=json"], {
    cwd: folder,
    env: { VITEST: "", VITEST_POOL_ID: "", VITEST_WORKER_ID: "", NODE_OPTIONS: "" },
  });
  const start = ended.stdout.indexOf("{");
  if (start === -1) throw new Error(`${ended.stdout}${ended.stderr}`);
  const { testResults } = JSON.parse(ended.stdout.slice(start)) as Report;
  return Object.fromEntries(
    testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ title, status, failureMessages }) => [
        title,
        status === "passed" ? "" : failureMessages.join("\n") || status,
      ]),
    ),
  );
}

const HEAD = `import { describe, expect, test, vi } from "vitest";
import "bytesper/vitest";
import * as known from "./known.mjs";
const timeout = 300_000;
`;

test("the documented example passes", { timeout }, async () => {
  expect(await outcomes("session.test.ts")).toEqual({
    "a session stays within its budget": "",
    "an empty object has its four spare places": "",
    "a session by its module": "",
    "a closed session leaves nothing behind": "",
  });
});

test("the failing example says where the bytes are, and who holds what stays", { timeout }, async () => {
  const failed = await outcomes("failing.test.ts");
  const budget = failed["a budget that is too small"] ?? "";
  expect(budget).toMatch(/One instance retains [\d,.]+ B; expected is at most 100 B \([\d,.]+ B more\)\./);
  expect(budget).toMatch(/^Interval: {11}.* fresh processes/m);
  expect(budget).toMatch(/^Minimum detectable: [\d.]+ B per instance$/m);
  expect(budget).toMatch(/^Session +1\.00 +40 /m);
  expect(budget).toMatch(/^array slack +1\.00 +128 /m);
  expect(budget).toMatch(
    /^Reproduce: npx vitest run '.*failing\.test\.ts' -t '\^a budget that is too small\$'$/m,
  );
  const leak = failed["a session that is dropped and not closed"] ?? "";
  expect(leak).toMatch(/^.*B of each instance stay after [\d,]+ instances were made and dropped/);
  expect(leak).toMatch(/^Session +40 +1$/m);
  expect(leak).toMatch(/One Session is held by\n(?:.*\n)*.*property "sessions" of Registry/);
});

// A table that doubles is flat between two of its steps, and a cache that fills is not flat at first.
test("toReleaseEverything answers as growth does", { timeout }, async () => {
  cpSync(join(ROOT, "test/fixtures/leaks/calls.mjs"), join(folder, "calls.mjs"));
  const names = ["table", "boundedCache"];
  const lines = names.map(
    (name) =>
      `test("${name}", { timeout }, () => expect((index) => calls.${name}(index)).toReleaseEverything());`,
  );
  const all = await outcomes(
    "release.test.js",
    `${HEAD}import * as calls from "./calls.mjs";\n${lines.join("\n")}\n`,
  );
  const kept: Record<string, boolean> = {};
  for (const name of names) {
    const { stdout } = await bytesper(["growth", `${join(folder, "calls.mjs")}#${name}`, "--json"]);
    kept[name] = (JSON.parse(stdout) as { verdict: string }).verdict === "grows";
  }
  expect(kept).toEqual({ table: true, boundedCache: false });
  expect(Object.keys(all).sort()).toEqual([...names].sort());
  expect(all.table).toMatch(/B of each instance stay after [\d,]+ instances were made and dropped/);
  expect(all.boundedCache).toBe("");
});

test("closures of a test file read objects of known size to the byte", { timeout }, async () => {
  const major = Number(process.versions.node.split(".")[0]);
  const { sizes } = JSON.parse(readFileSync(join(ROOT, "test/fixtures/known-sizes.json"), "utf8")) as {
    sizes: Record<string, Record<string, number>>;
  };
  const lines = ["nothing", "emptyObject", "boxedNumber", "closure", "text1000", "holder100"].map((name) => {
    const [, size] = Object.entries(sizes[name] ?? {}).findLast(([from]) => Number(from) <= major) ?? [];
    return `test(${JSON.stringify(name)}, { timeout }, () => expect((index) => known.${name}(index)).toRetain(${String(size)}, { tolerance: 0.05 }));`;
  });
  // 184 B of objects and 100 B declared, which malloc serves with 112 B, beside V8's own blocks for each buffer.
  lines.push(
    'test("over", { timeout }, () => expect((index) => known.bytes100(index)).not.toRetainAtMost("295 B"));',
    'test("bytes100", { timeout }, () => expect((index) => known.bytes100(index)).toRetainAtMost("500 B"));',
  );
  const all = await outcomes("known.test.js", `${HEAD}${lines.join("\n")}\n`);
  expect(Object.values(all).filter((text) => text !== "")).toEqual([]);
  expect(Object.keys(all)).toHaveLength(8);
});

test("tests are told apart by their place, and every matcher of one counts", { timeout }, async () => {
  const all = await outcomes(
    "places.test.ts",
    `${HEAD}
describe.each([["plain", () => ({}), 56], ["array", () => [], 32]] as const)("in a suite", (name, make, size) => {
  test(name, { timeout }, async () => {
    await expect(make).toRetain(size);
  });
});
test("several", { timeout }, async () => {
  await expect.soft(() => ({})).toRetain(57);
  await expect(() => []).not.toRetain(57);
  await expect(async (index) => ({ index })).toRetain(32);
  await expect(() => ({})).not.toRetainAtMost("1 kB");
});
test("not awaited", { timeout }, () => {
  void expect(() => []).toRetain(31);
});
`,
  );
  expect(all.plain).toBe("");
  expect(all.array).toBe("");
  expect(all.several).toMatch(/retains 56 B; expected is 57 B \(1 B less\)/);
  expect(all.several).toMatch(/retains 56 B, and it should not be at most 1,000 B/);
  expect(all.several).not.toMatch(/retains 32 B/);
  expect(all["not awaited"]).toMatch(/retains 32 B; expected is 31 B \(1 B more\)/);
});

test("what cannot be measured fails with its reason", { timeout }, async () => {
  const all = await outcomes(
    "wrong.test.ts",
    `${HEAD}
let runs = 0;
test("own error", { timeout }, () => expect(() => { throw new RangeError("the pool is empty"); }).toRetain(1));
test("short", { timeout: 700 }, () => expect(() => ({})).toRetain(56));
test("one object", () => expect({}).toRetain(56));
test("unit", () => expect(() => ({})).toRetainAtMost("8 kilobytes"));
test("mock", () => expect(vi.fn(() => ({}))).toRetain(56));
test("timers", () => { vi.useFakeTimers(); return expect(() => ({})).toRetain(56).finally(() => vi.useRealTimers()); });
test.concurrent("concurrent", () => expect(() => ({})).toRetain(56));
test("nothing returned", { timeout }, () => expect(() => undefined).toRetain(56));
test("elsewhere", { timeout }, async () => {
  if (process.env.BYTESPER_VITEST !== undefined) throw new Error("only once");
  await expect(() => ({})).toRetain(56);
});
`,
  );
  expect(all["own error"]).toMatch(/^RangeError: the pool is empty\n.*wrong\.test\.ts/);
  expect(all.short).toMatch(/takes longer than the 0\.7 s that this test may take; give it more/);
  expect(all["one object"]).toMatch(/was given object, and one object cannot be measured; give a function/);
  expect(all.unit).toMatch(/The limit of toRetainAtMost is "8 kilobytes"; give bytes/);
  expect(all.mock).toMatch(/is a mock, which keeps everything that it returns/);
  expect(all.timers).toMatch(/Fake timers are on/);
  expect(all.concurrent).toMatch(/needs the test's own expect/);
  expect(all["nothing returned"]).toMatch(/The factory returned nothing/);
  expect(all.elsewhere).toMatch(/ended before it came to this matcher: Error: only once/);
});
