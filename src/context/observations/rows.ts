import type { Observation, ObservationFilter } from "./observation.js";
import { requireFilter } from "./observation.js";
import type { Sqlite, SqlRow, SqlValue } from "./sqlite.js";

/** Adds observations and skips those that exist already. Must run in a transaction. */
export function insertRows(database: Sqlite, observations: readonly Observation[]): void {
  const insert = database.prepare(
    "INSERT OR IGNORE INTO observations (id, saved_at, turn, category, type, importance, content) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const tagged = database.prepare("INSERT OR IGNORE INTO tags (observation, tag) VALUES (?, ?)");
  for (const { id, savedAt, turn, category, type, importance, content, tags } of observations) {
    insert.run([id, savedAt, turn ?? null, category, type, importance, content]);
    for (const tag of tags) tagged.run([id, tag]);
  }
}

/** Matching observations. The most important come first; of equally important ones, the newest. Throws `USAGE`. */
export function selectRows(database: Sqlite, filter: ObservationFilter): Observation[] {
  requireFilter(filter);
  const { category, type, tags = [], leastImportance, contains, limit = 50 } = filter;
  const conditions: [sql: string, values: SqlValue[]][] = [];
  if (category !== undefined) conditions.push(["category = ?", [category]]);
  if (type !== undefined) conditions.push(["type = ?", [type]]);
  if (leastImportance !== undefined) conditions.push(["importance >= ?", [leastImportance]]);
  if (contains !== undefined) conditions.push(["instr(lower(content), lower(?)) > 0", [contains]]);
  for (const tag of tags)
    conditions.push(["EXISTS (SELECT 1 FROM tags WHERE observation = observations.id AND tag = ?)", [tag]]);
  const where = ["TRUE", ...conditions.map(([sql]) => sql)].join(" AND ");
  const sql = `
    SELECT hex(id) AS id, hex(saved_at) AS saved_at, turn, hex(category) AS category, hex(type) AS type, importance, hex(content) AS content,
           (SELECT json_group_array(hex(tag)) FROM tags WHERE observation = observations.id) AS tags
    FROM observations WHERE ${where}
    ORDER BY importance DESC, saved_at DESC, rowid DESC LIMIT ?`;
  return database
    .prepare(sql)
    .all([...conditions.flatMap(([, values]) => values), limit])
    .map(observationOf);
}

function observationOf(row: SqlRow): Observation {
  return {
    id: textOf(row.id),
    savedAt: textOf(row.saved_at),
    category: textOf(row.category),
    type: textOf(row.type),
    content: textOf(row.content),
    tags: (JSON.parse(String(row.tags)) as string[]).map(textOf),
    importance: Number(row.importance),
    ...(row.turn === null ? {} : { turn: Number(row.turn) }),
  };
}

/**
 * Texts are read as hexadecimal digits: libsql cuts a text at its first null character, and ends the process at
 * bytes that are not UTF-8.
 */
function textOf(digits: SqlValue | undefined): string {
  return Buffer.from(String(digits), "hex").toString("utf8");
}
