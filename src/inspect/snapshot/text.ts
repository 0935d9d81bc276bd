import type { Answer } from "../../base/answer.js";
import { fixed, percent } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import { terminalTable } from "../../base/table/terminal.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { HolderRow, OneClass, SnapshotAnswer } from "./answer.js";
import { shortBytes } from "./short.js";

const MOST_ROWS = 15;
const MOST_KINDS = 10;
const MOST_PARTS = 3;
const MOST_NAMED = 3;

/** What `bytesper snapshot` prints for people: the verdict, who holds what, and the tables. */
export function snapshotAnswer(answer: SnapshotAnswer): Answer {
  const { verdict, oneClass, growth, doubts } = answer;
  const tables =
    oneClass !== undefined
      ? classTables(oneClass)
      : growth !== undefined
        ? growthTables(answer)
        : wholeTables(answer);
  return {
    sentences: [
      verdict,
      ...(oneClass === undefined
        ? growth === undefined
          ? whole(answer)
          : grown(growth)
        : sizesOf(oneClass)),
    ],
    doubts,
    next: ["Tables: --verbose. Unrounded: --json. A treemap: --page FILE."],
    details: tables.flatMap((table) => (table === undefined ? [] : [terminalTable(table)])).join("\n\n"),
  };
}

function whole({ classes, waste }: SnapshotAnswer): string[] {
  const largest = [...classes].sort((a, b) => b.shallowBytes - a.shallowBytes).slice(0, MOST_NAMED);
  const wasted = waste.flatMap(({ name, bytes }) =>
    isAbsent(bytes) || bytes === 0 ? [] : [{ name, bytes }],
  );
  const most = wasted.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_NAMED);
  const told = (rows: readonly { name: string; bytes: number }[]): string =>
    rows.map(({ name, bytes }) => `${name} ${shortBytes(bytes)}`).join(", ");
  return [
    ...(largest.length === 0
      ? []
      : [
          `Largest classes by their own bytes: ${told(largest.map(({ name, shallowBytes: bytes }) => ({ name, bytes })))}.`,
        ]),
    ...(most.length === 0 ? [] : [`What you could save: ${told(most)}.`]),
  ];
}

function grown(growth: NonNullable<SnapshotAnswer["growth"]>): string[] {
  const more = growth.filter(({ bytes }) => bytes > 0).slice(0, MOST_NAMED);
  return more.length === 0
    ? []
    : [
        `Most by class: ${more.map(({ name, count, bytes }) => `${name} ${signed(count)} (${signedBytes(bytes)})`).join(", ")}.`,
      ];
}

function sizesOf({ sizes, heldBy }: OneClass): string[] {
  const [most] = heldBy;
  return [
    `One retains ${shortBytes(sizes.least)} to ${shortBytes(sizes.largest)}, median ${shortBytes(sizes.median)}, 95th percentile ${shortBytes(sizes.p95)}.`,
    ...(most === undefined ? [] : [`${percent(most.share, 0)} are held by ${most.path}.`]),
  ];
}

function wholeTables({ holders, classes, kinds, waste, files }: SnapshotAnswer): (Table | undefined)[] {
  const total = files.at(-1)?.totalBytes ?? 0;
  return [
    holderTable("Largest holders", holders),
    table(
      "By class",
      ["class", "count", "shallow", "retained"],
      classes
        .slice(0, MOST_ROWS)
        .map((row) => [
          row.name,
          fixed(row.count, 0),
          shortBytes(row.shallowBytes),
          shortBytes(row.retainedBytes),
        ]),
      left(classes.length, "classes"),
    ),
    table(
      "By the way V8 stores them",
      ["stored as", "count", "bytes", "share"],
      kinds
        .slice(0, MOST_KINDS)
        .map((row) => [
          row.kind,
          fixed(row.count, 0),
          shortBytes(row.bytes),
          percent(total === 0 ? 0 : row.bytes / total, 1),
        ]),
    ),
    wasteTable(waste),
  ];
}

function growthTables({ growth = [], growthHolders, files }: SnapshotAnswer): (Table | undefined)[] {
  return [
    table(
      "",
      ["file", "bytes"],
      files.map(({ path, totalBytes }) => [path, shortBytes(totalBytes)]),
    ),
    growthHolders === undefined ? undefined : holderTable("Who holds what is new", growthHolders),
    table(
      "By class",
      ["class", "more objects", "more bytes"],
      growth.slice(0, MOST_ROWS).map((row) => [row.name, signed(row.count), signedBytes(row.bytes)]),
      left(growth.length, "classes"),
    ),
  ];
}

function signed(count: number): string {
  return count > 0 ? `+${fixed(count, 0)}` : fixed(count, 0);
}

function signedBytes(bytes: number): string {
  return bytes > 0 ? `+${shortBytes(bytes)}` : shortBytes(bytes);
}

function left(rows: number, noun: string): string {
  return rows > MOST_ROWS ? `${fixed(rows - MOST_ROWS, 0)} more ${noun} with --json.` : "";
}

function holderTable(caption: string, holders: readonly HolderRow[]): Table | undefined {
  const shown = holders.some(({ own }) => !own) ? holders.filter(({ own }) => !own) : holders;
  if (shown.length === 0) return undefined;
  const hidden = holders.filter((row) => !shown.includes(row));
  const rest = hidden.reduce((bytes, row) => bytes + row.bytes, 0);
  return {
    caption,
    columns: [
      { title: "bytes", align: "right" },
      { title: "share", align: "right", rank: 8 },
      { title: "what", align: "left" },
      { title: "held by", align: "left" },
      { title: "largest parts", align: "left", rank: 9 },
    ],
    rows: shown.map((row) => [
      shortBytes(row.bytes),
      percent(row.share, 1),
      `${row.name}${row.count === 1 ? "" : ` x ${fixed(row.count, 0)}`}${row.own ? " (Node's, V8's or the browser's own)" : ""}`,
      `${row.path}${row.through === undefined || row.path.includes(row.through) ? "" : `, through ${row.through}`}${row.pathShare >= 0.95 ? "" : ` (${percent(row.pathShare, 0)} of them)`}`,
      row.parts
        .slice(0, MOST_PARTS)
        .map((part) => `${part.name} ${shortBytes(part.bytes)}`)
        .join(", "),
    ]),
    notes: rest > 0 ? [`Parts of Node, the browser or V8 itself hold ${shortBytes(rest)} more.`] : [],
  };
}

function wasteTable(waste: SnapshotAnswer["waste"]): Table | undefined {
  const rows = waste.filter(({ bytes }) => isAbsent(bytes) || bytes > 0);
  if (rows.length === 0) return undefined;
  return {
    caption: "What you could save",
    columns: [
      { title: "waste", align: "left" },
      { title: "count", align: "right" },
      { title: "bytes", align: "right" },
      { title: "how", align: "left" },
    ],
    rows: rows.map(({ name, bytes, count, advice }) => [
      name,
      fixed(count, 0),
      isAbsent(bytes) ? bytes : shortBytes(bytes),
      advice,
    ]),
    notes: [],
  };
}

function classTables({ histogram, heldBy, shallowBytes, retainedBytes }: OneClass): (Table | undefined)[] {
  return [
    table(
      "",
      ["all of them", "bytes"],
      [
        ["shallow", shortBytes(shallowBytes)],
        ["retained", shortBytes(retainedBytes)],
      ],
    ),
    table(
      "",
      ["retained by one", "objects"],
      histogram.map(({ fromBytes, belowBytes, count }) => [
        `${fixed(fromBytes, 0)} to ${fixed(belowBytes - 1, 0)} B`,
        fixed(count, 0),
      ]),
    ),
    table(
      "",
      ["held by", "share"],
      heldBy.map(({ path, share }) => [path, percent(share, 0)]),
    ),
  ];
}

/** A table whose first column is text and whose others are numbers. */
function table(
  caption: string,
  headings: readonly string[],
  rows: readonly string[][],
  note = "",
): Table | undefined {
  if (rows.length === 0) return undefined;
  return {
    caption,
    columns: headings.map((title, column) => ({ title, align: column === 0 ? "left" : "right" })),
    rows: [...rows],
    notes: note === "" ? [] : [note],
  };
}
