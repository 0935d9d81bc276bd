/**
 * Uses an observation file as another process: node observer.mjs PATH WHAT [COUNT] [BUSY_MS]
 * "save" saves without end and prints each id once it is on disk; "save-all" saves COUNT and ends; "hold" takes the
 * file's lock until a line comes; "half" is in the middle of a transaction that has reached the file already.
 */
import { createRequire } from "node:module";
import { setInterval } from "node:timers";
import { ObservationStore } from "bytesper/context";

const [path, what, count = "0", busyMs = "20000"] = process.argv.slice(2);

if (what === "hold") {
  const Database = createRequire(import.meta.url)("libsql");
  const database = new Database(path);
  database.exec("BEGIN EXCLUSIVE");
  process.stdout.write("held\n");
  process.stdin.once("data", () => {
    database.exec("ROLLBACK");
    database.close();
    process.stdout.write("free\n");
    process.stdin.destroy();
  });
} else if (what === "half") {
  const Database = createRequire(import.meta.url)("libsql");
  const database = new Database(path);
  // A cache of few pages: changes reach the file before the commit.
  database.exec("PRAGMA cache_size = 5");
  database.exec("BEGIN IMMEDIATE");
  database.exec("UPDATE observations SET content = 'half'");
  const insert = database.prepare("INSERT INTO observations VALUES (?, '', NULL, 'c', 't', 0.5, ?)");
  for (let number = 0; number < 500; number++) insert.run([`half ${number}`, "x".repeat(3000)]);
  process.stdout.write("half\n");
  setInterval(() => undefined, 1000);
} else {
  const store = new ObservationStore(path, { busyMs: Number(busyMs) });
  const last = what === "save" ? Number.POSITIVE_INFINITY : Number(count);
  for (let number = 1; number <= last; number++) {
    const { id } = store.save({
      category: "test",
      type: "number",
      content: `${number} ${"x".repeat(3000)}`,
      tags: ["first", "second"],
      importance: 0.5,
    });
    process.stdout.write(`${id}\n`);
  }
  store.close();
}
