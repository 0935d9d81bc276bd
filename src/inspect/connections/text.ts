import type { Answer } from "../../base/answer.js";
import { fixed } from "../../base/format.js";
import { median } from "../../base/stats/median.js";
import type { Interval } from "../../base/stats/interval.js";
import type { Cell, Table } from "../../base/table/table.js";
import { terminalTable } from "../../base/table/terminal.js";
import { visible } from "../../base/table/visible.js";
import type { Reading } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import { shortBytes } from "../snapshot/short.js";
import type { ConnectionsAnswer, ConnectionsRow } from "./answer.js";

const MOST_CLASSES = 10;

/** What `bytesper connections` prints for people. */
export function connectionsAnswer(answer: ConnectionsAnswer): Answer {
  const { warnings, fit } = answer;
  return {
    sentences: [
      `${headline(answer)}${warnings.length === 0 ? " No warnings." : ""}`,
      closedLine(answer),
      ...(isAbsent(fit) || isAbsent(fit.heapPerUnitBytes)
        ? []
        : [`V8's heap takes ${range(fit.heapPerUnitBytes)} of each.`]),
    ],
    tone: isAbsent(fit) ? "bad" : "verdict",
    doubts: warnings.map(({ name, message }) => ({ name, message: `${message}.` })),
    next: ["Tables and how it was measured: --verbose. Unrounded: --json."],
    details: [
      ...partsOf(answer),
      terminalTable(levelTable(answer)),
      ...classTable(answer),
      methodLine(answer),
    ].join("\n\n"),
  };
}

function headline({ fit, command, protocol, ended }: ConnectionsAnswer): string {
  const name = visible(command.join(" "));
  if (isAbsent(fit)) return `${name}: no bytes per connection, because ${visible(fit.absent)}.`;
  const { totalPerUnitBytes: total, fixedBytes } = fit;
  const until =
    ended === undefined || ended.died ? "" : ` It held ${fixed(ended.connections, 0)} of them and no more.`;
  return `${name} takes ${range(total)} for each ${nounOf(protocol)} and ${shortBytes(fixedBytes.value)} without any.${until}`;
}

function nounOf(protocol: string): string {
  const known: Record<string, string> = {
    websocket: "WebSocket",
    "socket.io": "Socket.IO connection",
    http: "HTTP connection that is kept open",
    sse: "stream of server-sent events",
    tcp: "TCP connection",
  };
  return known[protocol] ?? `connection of ${visible(protocol)}`;
}

function partsOf({ fit, socketBytes }: ConnectionsAnswer): string[] {
  if (isAbsent(fit)) return [];
  const rows: Cell[][] = [
    ["V8's heap", cell(fit.heapPerUnitBytes)],
    ["external memory that V8 knows", cell(fit.externalPerUnitBytes)],
    ["native memory beyond", cell(fit.nativePerUnitBytes)],
    ["pages that these do not fill", cell(fit.kernelPerUnitBytes)],
    ["all of these, as the kernel counts", cell(fit.totalPerUnitBytes)],
    ...(isAbsent(fit.perUnitBytes)
      ? []
      : [["the same before garbage was collected", cell(fit.uncollectedPerUnitBytes)]]),
    ["socket buffers of the kernel, apart", cell(socketBytes)],
  ];
  return [
    terminalTable({
      caption: "",
      columns: [
        { title: "of one connection", align: "left" },
        { title: "bytes", align: "right" },
      ],
      rows,
      notes: [],
    }),
  ];
}

function cell(reading: Interval | { absent: string }): Cell {
  return isAbsent(reading) ? reading : range(reading);
}

function range({ value, low, high }: Interval): string {
  const [least, most] = [shortBytes(low), shortBytes(high)];
  return least === most ? shortBytes(value) : `${shortBytes(value)} (${least} to ${most})`;
}

function levelTable({ rows, trials }: ConnectionsAnswer): Table {
  const groups = new Map<string, ConnectionsRow[]>();
  for (const row of rows) {
    const name =
      row.state === "open"
        ? fixed(row.connections, 0)
        : { idle: "before the first", "after-first": "after the first", closed: "all closed" }[row.state];
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const over = (group: readonly ConnectionsRow[], of: (row: ConnectionsRow) => Reading): Cell => {
    const values = group.map(of);
    return values.find(isAbsent) ?? shortBytes(median(values as number[]));
  };
  return {
    caption: "",
    columns: [
      { title: "connections", align: "left" },
      { title: "without pages of files", align: "right" },
      { title: "PSS", align: "right" },
      { title: "V8's heap", align: "right" },
      { title: "external", align: "right" },
      { title: "malloc", align: "right" },
      { title: "before collecting", align: "right" },
      { title: "processes", align: "right" },
    ],
    rows: [...groups].map(([name, group]) => [
      name,
      over(group, ({ ownBytes }) => ownBytes),
      over(group, ({ processBytes }) => processBytes),
      over(group, ({ heapBytes }) => heapBytes),
      over(group, ({ externalBytes }) => externalBytes),
      over(group, ({ mallocBytes }) => mallocBytes),
      over(group, ({ uncollectedBytes }) => uncollectedBytes),
      fixed(median(group.map(({ processes }) => processes)), 0),
    ]),
    notes: trials === 1 ? [] : [`Medians of ${trials} server processes.`],
  };
}

function closedLine({ keptAfterCloseBytes: kept, heapKeptAfterCloseBytes: heap }: ConnectionsAnswer): string {
  if (isAbsent(kept)) return `What stays after they close is not known: ${visible(kept.absent)}.`;
  const inHeap = isAbsent(heap) ? "" : `, ${shortBytes(heap.value)} of it in use by V8`;
  return `After all were closed ${shortBytes(kept.value)} stay that the first connection did not leave${inHeap}.`;
}

function classTable({ breakdown, fit }: ConnectionsAnswer): string[] {
  if (isAbsent(fit)) return [];
  if (isAbsent(breakdown)) return [`No breakdown by class: ${visible(breakdown.absent)}.`];
  return [
    terminalTable({
      caption: "By class, from two heap snapshots of one more process",
      columns: [
        { title: "class", align: "left" },
        { title: "count", align: "right" },
        { title: "bytes", align: "right" },
        { title: "held by", align: "left", rank: 9 },
      ],
      rows: breakdown
        .slice(0, MOST_CLASSES)
        .map(({ type, count, bytes, path = "" }) => [type, fixed(count, 2), shortBytes(bytes), path]),
      notes: [],
    }),
  ];
}

function methodLine(answer: ConnectionsAnswer): string {
  const { trials, where, path, messages, node, minimumDetectableBytes, fit } = answer;
  const levels = [
    ...new Set(answer.rows.filter(({ state }) => state === "open").map((row) => row.connections)),
  ];
  const processes = trials === 1 ? "one server process" : `${trials} server processes`;
  const spoken = messages > 0 ? `, each with ${messages} messages` : "";
  const inspected = isAbsent(node)
    ? ""
    : `; Node ${node} got SIGUSR1, which opens its inspector on 127.0.0.1, and was asked to collect garbage and tell its memory`;
  const seen = isAbsent(fit)
    ? ""
    : `; less than ${shortBytes(minimumDetectableBytes)} a connection would not be seen`;
  return `Method: ${processes} at ${where}${visible(path)}, ${levels.map((level) => fixed(level, 0)).join(", ")} connections in one process that grows${spoken}; clients in a process of their own; a line through PSS without pages of files, over the whole tree of the server${seen}${inspected}.`;
}
