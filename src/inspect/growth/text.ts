import type { Answer } from "../../base/answer.js";
import { fixed } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import { terminalTable } from "../../base/table/terminal.js";
import { isAbsent } from "../../system/probe/reading.js";
import { shortBytes } from "../snapshot/short.js";
import type { GrowthAnswer } from "./answer.js";
import type { Interval } from "./verdict.js";

/** What `bytesper growth` prints for people. */
export function growthAnswer(answer: GrowthAnswer): Answer {
  const { allocatedPerCallBytes: allocated, doubts, holders = [], verdict } = answer;
  const rows = [
    ["retained a call", interval(answer.retainedPerCallBytes)],
    ["native a call", interval(answer.nativePerCallBytes)],
    ["kernel beyond", interval(answer.kernelPerCallBytes)],
    [
      "allocated a call",
      `${interval(allocated)}; in 1,000 calls ${fixed(answer.scavengesPer1000Calls, 1)} minor and ${fixed(answer.majorsPer1000Calls, 1)} full collections`,
    ],
    ["first calls", `${shortBytes(answer.onceBytes)} once`],
    [
      "method",
      `${fixed(answer.calls, 0)} calls in rounds that double, ${answer.trials === 1 ? "one process" : `${answer.trials} processes`}; the last three rounds count; less than ${shortBytes(answer.minimumDetectableBytes)} a call of V8's memory would not be seen`,
    ],
  ];
  return {
    sentences: [
      verdictOf(answer),
      `A call allocates ${interval(allocated)}; the first calls keep ${shortBytes(answer.onceBytes)} once.`,
    ],
    tone: verdict === "flat" ? "good" : verdict === "grows" ? "bad" : "verdict",
    doubts,
    next: ["Every reading and who holds what is new: --verbose."],
    details: [
      terminalTable(plain(["reading", "bytes"], rows)),
      ...(holders.length === 0
        ? []
        : [
            terminalTable({
              ...plain(
                ["bytes a call", "what is new", "held by"],
                holders.map(({ name, bytesPerCall, path }) => [shortBytes(bytesPerCall), name, path]),
              ),
              caption: "Who holds what is new",
            }),
          ]),
    ].join("\n\n"),
  };
}

function plain(titles: readonly string[], rows: string[][]): Table {
  return { caption: "", columns: titles.map((title) => ({ title, align: "left" })), rows, notes: [] };
}

function verdictOf(answer: GrowthAnswer): string {
  const { subject, verdict, retainedPerCallBytes, nativePerCallBytes, kernelPerCallBytes, path } = answer;
  if (verdict === "flat") return `${subject} is flat: no call leaves anything behind that can be seen.`;
  if (verdict === "first-calls")
    return `${subject} keeps ${shortBytes(answer.onceBytes)} from its first calls; later ones leave nothing behind.`;
  if (answer.retainedVerdict === "grows")
    return `${subject} grows by ${shortBytes(retainedPerCallBytes.value)} a call${path === undefined ? "" : `: \`${answer.class ?? ""}\`, kept by ${path}`}.`;
  if (!isAbsent(nativePerCallBytes) && nativePerCallBytes.value > 0)
    return `${subject} grows by ${shortBytes(nativePerCallBytes.value)} of native memory a call.`;
  const kernel = isAbsent(kernelPerCallBytes) ? 0 : kernelPerCallBytes.value;
  return `${subject} grows by ${shortBytes(kernel)} a call that only the kernel sees.`;
}

function interval(reading: Interval | { absent: string }): string {
  if (isAbsent(reading)) return `not known: ${reading.absent}`;
  const { value, low, high } = reading;
  if (value === 0 && high > 0) return `none (less than ${shortBytes(high)})`;
  const [least, most] = [shortBytes(low), shortBytes(high)];
  return least === most ? shortBytes(value) : `${shortBytes(value)} (${least} to ${most})`;
}
