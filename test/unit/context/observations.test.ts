import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ObservationStore } from "../../../src/context/observations/store.js";
import { composePolicy } from "../../../src/context/policy.js";
import { capTurns } from "../../../src/context/rules.js";
import type { Observer } from "./support/observer.js";
import { observer } from "./support/observer.js";
import { call, user, wordHistory } from "./support/words.js";

let folder: string;
let path: string;
const open: ObservationStore[] = [];
const others: Observer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bytesper-observations-"));
  path = join(folder, "observations.db");
});

afterEach(async () => {
  for (const store of open.splice(0)) store.close();
  for (const { child, ended } of others.splice(0)) {
    child.kill("SIGKILL");
    await ended;
  }
  rmSync(folder, { recursive: true });
});

function opened(busyMs = 50): ObservationStore {
  const store = new ObservationStore(path, { busyMs });
  open.push(store);
  return store;
}

function closed(store: ObservationStore): void {
  open.splice(open.indexOf(store), 1);
  store.close();
}

function other(...args: string[]): Observer {
  const started = observer(path, ...args);
  others.push(started);
  return started;
}

const contents = (store: ObservationStore): string[] =>
  store.query({ limit: 10_000 }).map(({ content }) => content.split(" ")[0] ?? "");

function note(content: string): { category: string; type: string; content: string } {
  return { category: "notes", type: "text", content };
}

describe("what is saved can be asked for", () => {
  function filled(): ObservationStore {
    const store = opened();
    store.save({
      category: "flight",
      type: "price",
      content: "HAT001 costs 320",
      tags: ["ewr", "may"],
      importance: 0.9,
      turn: 4,
    });
    store.save({ category: "flight", type: "seat", content: "HAT001 has 2 left", tags: ["ewr"] });
    store.save({
      category: "user",
      type: "price",
      content: "pays 300 at most",
      tags: ["may", "may"],
      importance: 0.7,
    });
    return store;
  }

  test.each([
    [{}, 3],
    [{ category: "flight" }, 2],
    [{ type: "price" }, 2],
    [{ category: "flight", type: "price" }, 1],
    [{ tags: ["may"] }, 2],
    [{ tags: ["may", "ewr"] }, 1],
    [{ leastImportance: 0.7 }, 2],
    [{ contains: "hat001" }, 2],
    [{ contains: "%" }, 0],
    [{ limit: 1 }, 1],
    [{ category: "'; DROP TABLE observations; --" }, 0],
  ])("by %j", (filter, count) => {
    const store = filled();
    expect(store.query(filter)).toHaveLength(count);
    expect(store.query()).toHaveLength(3);
  });

  test("the most important first, with all that was saved", () => {
    const [first, second, third] = filled().query();
    expect(first).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      savedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      category: "flight",
      type: "price",
      content: "HAT001 costs 320",
      tags: ["ewr", "may"],
      importance: 0.9,
      turn: 4,
    });
    expect(second?.tags).toEqual(["may"]);
    expect(third).toMatchObject({ importance: 0.5, content: "HAT001 has 2 left" });
    expect(third).not.toHaveProperty("turn");
  });

  test("null characters and halves of a pair in any text, also through a file beside a locked one", async () => {
    const odd = { category: "a\0b", type: "\0", content: "one\0two\ufdd0\u{1f600}", tags: ["t\0", "ü"] };
    const holder = other("hold");
    await holder.until(1);
    const beside = opened();
    expect(beside.save(odd)).toMatchObject(odd);
    expect(beside.save({ ...odd, content: "half \ud800" }).content).toBe("half \ufffd");
    closed(beside);
    holder.child.kill("SIGKILL");
    await holder.ended;
    expect(
      opened()
        .query({ category: "a\0b", tags: ["t\0"] })
        .map(({ content }) => content)
        .sort(),
    ).toEqual(["half \ufffd", odd.content]);
  });

  test("also when the file was closed and opened again", () => {
    const before = filled();
    const all = before.query();
    closed(before);
    expect(opened().query()).toEqual(all);
  });

  test("also when the turns that it is about are gone", async () => {
    const observations = opened();
    const history = wordHistory(composePolicy("one", capTurns(1)), { observations });
    history.add(user(3));
    for (const message of [...call("a", 30), ...call("b", 30)]) history.add(message);
    expect((await history.next()).announcements.warning).toContain("turn 1");
    observations.save(note("kept"));
    const next = await history.next();
    expect(next.pruned).toEqual([expect.objectContaining({ turn: 1, how: "dropped" })]);
    // Something was saved: what the warning named is not named again.
    expect(next.announcements.warning).toBeUndefined();
    expect(contents(observations)).toEqual(["kept"]);
  });

  test.each([
    [
      { category: "", type: "t", content: "c" },
      /^The category of an observation must be a text that is not empty, not ""\.$/,
    ],
    [{ category: "c", type: "t" }, /content of an observation must be a text/],
    [{ ...note("x"), importance: 2 }, /importance of an observation must be from 0 to 1, not 2/],
    [{ ...note("x"), tags: "tag" }, /tags of an observation must be a list of texts/],
    [{ ...note("x"), turn: 1.5 }, /turn of an observation must be a whole number/],
  ])("what is none is refused: %j", (observation, sentence) => {
    const store = opened();
    expect(() => store.save(observation as never)).toThrow(sentence);
    expect(store.saved).toBe(0);
  });
});

describe("a damaged file is kept aside and a new one begun, which is said", () => {
  function damaged(damage: (file: string) => void): ObservationStore {
    const store = opened();
    for (let number = 0; number < 50; number++) store.save(note(`${number} ${"x".repeat(2000)}`));
    closed(store);
    damage(path);
    return opened();
  }

  const DAMAGES: [what: string, damage: (file: string) => void][] = [
    [
      "other content",
      (file) => {
        writeFileSync(file, "not a database, ".repeat(300));
      },
    ],
    [
      "the end cut off",
      (file) => {
        truncateSync(file, 10_000);
      },
    ],
    [
      "the header cut off",
      (file) => {
        truncateSync(file, 50);
      },
    ],
    [
      "pages overwritten",
      (file) => {
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0x5a, 4096, 40_000));
      },
    ],
  ];

  test.each(DAMAGES)("%s", (_what, damage) => {
    const store = damaged(damage);
    const before = readFileSync(`${path}.damaged-1`);
    expect(store.notices).toEqual([
      expect.stringMatching(
        /^\S+ is damaged \(.+\); it was kept as \S+\.damaged-1, and a new file was begun\.$/,
      ),
    ]);
    store.save(note("new"));
    expect(contents(store)).toEqual(["new"]);
    closed(store);
    expect(contents(opened())).toEqual(["new"]);
    expect(readFileSync(`${path}.damaged-1`)).toEqual(before);
  });

  test("a second one does not take the place of the first", () => {
    closed(damaged(DAMAGES[0]?.[1] ?? (() => undefined)));
    writeFileSync(path, "damaged again ".repeat(100));
    opened();
    expect(
      readdirSync(folder)
        .filter((name) => name.includes("damaged"))
        .sort(),
    ).toEqual(["observations.db.damaged-1", "observations.db.damaged-2"]);
  });

  test("also when it is damaged while it is open", () => {
    const store = opened();
    store.save(note("old"));
    writeFileSync(path, Buffer.alloc(40_000, 0x5a));
    store.save(note("new"));
    expect(contents(store)).toEqual(["new"]);
    expect(store.notices).toHaveLength(1);
    expect(existsSync(`${path}.damaged-1`)).toBe(true);
  });

  test("a file that somebody removes while it is open is begun anew, and said so", () => {
    const store = opened();
    store.save(note("old"));
    rmSync(path);
    store.save(note("new"));
    expect(store.notices).toEqual([
      expect.stringMatching(/was moved or removed by another program; a new file/),
    ]);
    closed(store);
    expect(contents(opened())).toEqual(["new"]);
  });

  test("an empty file is a new one", () => {
    writeFileSync(path, "");
    const store = opened();
    store.save(note("first"));
    expect(store.notices).toEqual([]);
    expect(contents(store)).toEqual(["first"]);
  });

  test("a sound database of something else is refused and left alone", () => {
    const Database = createRequire(import.meta.url)("libsql") as new (file: string) => {
      exec: (sql: string) => void;
      close: () => void;
    };
    const database = new Database(path);
    database.exec("CREATE TABLE other (a)");
    database.close();
    expect(() => opened()).toThrow(
      /is another database, and observations of version 1 were expected; give another path\.$/,
    );
    expect(readdirSync(folder)).toEqual(["observations.db"]);
  });

  test("a path that cannot be a file is one sentence", () => {
    mkdirSync(path);
    expect(() => opened()).toThrow(
      /cannot be opened or made as a file of observations; give the path of a file/,
    );
  });
});

test.each(["", "a\0b", undefined, 5])("%j is no path of a file of observations", (given) => {
  expect(() => new ObservationStore(given as never)).toThrow(/^A file of observations needs a path, not /);
});

test("a file that may only be read is asked, and one sentence when something is to be saved", () => {
  const store = opened();
  store.save({ category: "a", type: "b", content: "kept" });
  closed(store);
  chmodSync(path, 0o444);
  chmodSync(folder, 0o555);
  // The superuser may write anywhere.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    const reading = opened();
    expect(contents(reading)).toEqual(["kept"]);
    expect(() => reading.save({ category: "a", type: "b", content: "more" })).toThrow(
      /^\S+ cannot be read or written \(attempt to write a readonly database\); check the disk and its rights\.$/,
    );
    closed(reading);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
});

test("what was closed is closed, and says so when it is used", () => {
  const store = opened();
  closed(store);
  expect(() => store.save({ category: "a", type: "b", content: "late" })).toThrow(
    /were closed; open them again/,
  );
  expect(() => store.query()).toThrow(/were closed/);
  store.close();
});

test.each([
  [null, "The filter of a query must be an object, not null."],
  [{ tags: "seat" }, 'The tags of a query must be a list of texts, not "seat".'],
  [{ category: 5 }, "The category of a query must be a text, not 5."],
  [{ leastImportance: "high" }, 'The leastImportance of a query must be a number, not "high".'],
  [{ limit: 0 }, "The limit of a query must be a whole number from 1, not 0."],
])("a query of %j is one sentence", (filter, sentence) => {
  expect(() => opened().query(filter as never)).toThrow(sentence);
});

describe("a file that another process has locked", () => {
  async function held(): Promise<Observer> {
    closed(opened());
    const holder = other("hold");
    await holder.until(1);
    return holder;
  }

  async function release(holder: Observer): Promise<void> {
    holder.child.stdin.write("\n");
    await holder.until(2);
    await holder.ended;
  }

  test("is left alone: a new one is begun beside it, which is said", async () => {
    await held();
    const store = opened();
    expect(store.notices).toEqual([
      expect.stringMatching(
        /^\S+ is locked by another process and was left alone; until it is free, observations go to \S+\.beside-[0-9a-f]{8}, /,
      ),
    ]);
    store.save(note("beside"));
    expect(contents(store)).toEqual(["beside"]);
    expect(store.path).not.toBe(path);
  });

  test("is used again as soon as it is free, with what was saved beside it", async () => {
    const before = opened();
    before.save(note("before"));
    closed(before);
    const holder = other("hold");
    await holder.until(1);
    const store = opened();
    store.save(note("beside"));
    await release(holder);
    expect(contents(store).sort()).toEqual(["before", "beside"]);
    expect(store.path).toBe(path);
    expect(readdirSync(folder)).toEqual(["observations.db"]);
    expect(store.notices.at(-1)).toMatch(/^1 observation of \S+ went into \S+, which is free again\.$/);
  });

  test("gets what was saved beside it also from a process that has ended since", async () => {
    const holder = await held();
    const saver = other("save-all", "2", "50");
    await saver.ended;
    expect(readdirSync(folder)).toContainEqual(expect.stringContaining(".beside-"));
    await release(holder);
    const store = opened();
    expect(
      store
        .query()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(saver.lines().sort());
    expect(readdirSync(folder)).toEqual(["observations.db"]);
  });

  test("does not take what a living process still saves beside it", async () => {
    const holder = await held();
    const store = opened();
    store.save(note("mine"));
    await release(holder);
    const another = opened();
    expect(contents(another)).toEqual([]);
    closed(store);
    expect(contents(another)).toEqual(["mine"]);
  });

  test("may become locked while it is open: nothing that is saved is lost", async () => {
    const store = opened();
    store.save(note("before"));
    const holder = other("hold");
    await holder.until(1);
    store.save(note("meanwhile"));
    expect(store.notices).toHaveLength(1);
    await release(holder);
    store.save(note("after"));
    expect(contents(store).sort()).toEqual(["after", "before", "meanwhile"]);
  });
});

test("two processes save at the same time, and all of it is there", async () => {
  const [first, second] = [other("save-all", "40"), other("save-all", "40")];
  await Promise.all([first.ended, second.ended]);
  const ids = [...first.lines(), ...second.lines()];
  expect(ids).toHaveLength(80);
  const found = new Set(
    opened(5000)
      .query({ limit: 1000 })
      .map(({ id }) => id),
  );
  expect(ids.filter((id) => !found.has(id))).toEqual([]);
  expect(found.size).toBe(80);
});

test("what was acknowledged survives kill -9 in the middle of writing", { timeout: 120_000 }, async () => {
  const acknowledged: string[] = [];
  for (const kills of [1, 7, 20, 33, 50]) {
    const saver = other("save");
    await saver.until(kills);
    saver.child.kill("SIGKILL");
    await saver.ended;
    acknowledged.push(...saver.lines());
    const store = opened(5000);
    const found = store.query({ limit: 100_000 });
    const ids = new Set(found.map(({ id }) => id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    // At most one a kill was written and not yet acknowledged; each is whole.
    expect(found.length).toBeLessThanOrEqual(acknowledged.length + others.length);
    expect(found.every(({ content, tags }) => /^\d+ x{3000}$/.test(content) && tags.length === 2)).toBe(true);
    expect(store.notices).toEqual([]);
    closed(store);
  }
});

test("a bad byte in a text is read as U+FFFD and ends nothing", () => {
  const before = opened();
  before.save(note("marker-of-the-text"));
  closed(before);
  const bytes = readFileSync(path);
  const at = bytes.indexOf("marker-of-the-text");
  bytes.writeUInt8(0xff, at);
  writeFileSync(path, bytes);
  expect(contents(opened())).toEqual(["\ufffdarker-of-the-text"]);
});

test("a transaction that kill -9 cut off is rolled back, also where it had reached the file", async () => {
  const before = opened();
  before.save(note("whole"));
  closed(before);
  const writer = other("half");
  await writer.until(1);
  expect(statSync(path).size).toBeGreaterThan(500_000);
  writer.child.kill("SIGKILL");
  await writer.ended;
  const store = opened();
  expect(contents(store)).toEqual(["whole"]);
  expect(store.notices).toEqual([]);
});
