import { largestOf } from "../../base/stats/extremes.js";
import { fixed, percent } from "../../base/format.js";
import { visible } from "../../base/table/visible.js";
import { wrapped } from "../../base/wrap.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { HolderRow, OneClass, SnapshotAnswer } from "./answer.js";
import { shortBytes } from "./short.js";

const WIDTH = 80;
const MOST_ROWS = 15;
const MOST_KINDS = 10;
const MOST_PARTS = 3;

/** What `bytesper snapshot` prints for people: the verdict, who holds what, then the tables. */
export function snapshotText(answer: SnapshotAnswer): string {
  const parts = [wrapped(visible(answer.verdict), WIDTH)];
  for (const { name, message } of answer.doubts)
    parts.push(wrapped(`! ${name}: ${visible(message)}`, WIDTH, "  ", ""));
  if (answer.oneClass !== undefined) parts.push(...classParts(answer.oneClass));
  else if (answer.growth !== undefined) parts.push(...growthParts(answer));
  else parts.push(...wholeParts(answer));
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function wholeParts({ holders, classes, kinds, waste, files }: SnapshotAnswer): string[] {
  const total = files.at(-1)?.totalBytes ?? 0;
  return [
    holderPart("Largest holders", holders),
    table(
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
    wastePart(waste),
  ];
}

function growthParts({ growth = [], growthHolders, files }: SnapshotAnswer): string[] {
  return [
    files
      .map(({ path, totalBytes }) => `${shortBytes(totalBytes).padStart(10)}  ${visible(path)}`)
      .join("\n"),
    ...(growthHolders === undefined ? [] : [holderPart("Who holds what is new", growthHolders)]),
    table(
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

function holderPart(title: string, holders: readonly HolderRow[]): string {
  const shown = holders.some(({ own }) => !own) ? holders.filter(({ own }) => !own) : holders;
  if (shown.length === 0) return "";
  const hidden = holders.filter((row) => !shown.includes(row));
  const indent = " ".repeat(20);
  const lines = shown.map((row) => {
    const figures = `${shortBytes(row.bytes).padStart(10)}${percent(row.share, 1).padStart(8)}  `;
    const what = `${row.name}${row.count === 1 ? "" : ` x ${fixed(row.count, 0)}`}${row.own ? " (Node's, V8's or the browser's own)" : ""}`;
    const share = row.pathShare >= 0.95 ? "" : ` (${percent(row.pathShare, 0)} of them)`;
    const through =
      row.through === undefined || row.path.includes(row.through) ? "" : `, through ${row.through}`;
    const parts = row.parts
      .slice(0, MOST_PARTS)
      .map((part) => `${part.name} ${shortBytes(part.bytes)}`)
      .join(", ");
    return [
      wrapped(visible(what), WIDTH, indent, figures),
      wrapped(visible(`${row.path}${through}${share}`), WIDTH, indent),
      ...(parts === "" ? [] : [wrapped(visible(`of it ${parts}`), WIDTH, indent)]),
    ].join("\n");
  });
  const rest = hidden.reduce((bytes, row) => bytes + row.bytes, 0);
  if (rest > 0)
    lines.push(
      wrapped(
        "parts of Node, the browser or V8 itself",
        WIDTH,
        indent,
        `${shortBytes(rest).padStart(10)}${" ".repeat(10)}`,
      ),
    );
  return `${title}\n${lines.join("\n")}`;
}

function wastePart(waste: SnapshotAnswer["waste"]): string {
  const rows = waste.filter(({ bytes }) => isAbsent(bytes) || bytes > 0);
  if (rows.length === 0) return "";
  const lines = rows.map(({ name, bytes, count, advice }) => {
    const amount = isAbsent(bytes) ? "unknown" : shortBytes(bytes);
    const why = isAbsent(bytes) ? `; ${bytes.absent}` : "";
    return wrapped(
      visible(`${name} (${fixed(count, 0)}): ${advice}${why}`),
      WIDTH,
      " ".repeat(12),
      `${amount.padStart(10)}  `,
    );
  });
  return `Waste\n${lines.join("\n")}`;
}

function classParts({ sizes, histogram, heldBy, shallowBytes, retainedBytes }: OneClass): string[] {
  return [
    [
      `shallow   ${shortBytes(shallowBytes)}`,
      `retained  ${shortBytes(retainedBytes)}`,
      `each      ${shortBytes(sizes.least)} to ${shortBytes(sizes.largest)}, median ${shortBytes(sizes.median)}, 95th percentile ${shortBytes(sizes.p95)}`,
    ]
      .map((line) => wrapped(line, WIDTH, " ".repeat(10)))
      .join("\n"),
    table(
      ["retained by one", "objects"],
      histogram.map(({ fromBytes, belowBytes, count }) => [
        `${fixed(fromBytes, 0)} to ${fixed(belowBytes - 1, 0)} B`,
        fixed(count, 0),
      ]),
    ),
    `Held by\n${heldBy.map(({ path, share }) => wrapped(visible(path), WIDTH, " ".repeat(9), `${percent(share, 0).padStart(7)}  `)).join("\n")}`,
  ];
}

const MOST_NAME = 40;

/** A table no wider than a terminal: names that are too long lose their end. */
function table(headings: readonly string[], rows: readonly string[][], note = ""): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) =>
    row.map((text, column) => (column === 0 ? shortened(visible(text)) : text)),
  );
  const widths = headings.map((heading, column) =>
    largestOf([heading.length, ...cells.map((row) => (row[column] ?? "").length)]),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [
    line(headings),
    line(widths.map((width) => "-".repeat(width))),
    ...cells.map(line),
    ...(note === "" ? [] : [note]),
  ].join("\n");
}

function shortened(name: string): string {
  return name.length > MOST_NAME ? `${name.slice(0, MOST_NAME - 3)}...` : name;
}
