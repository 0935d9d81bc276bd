import { fixed } from "../../base/format.js";
import { visible } from "../../base/table/visible.js";
import { wrapped } from "../../base/wrap.js";
import { isAbsent } from "../../system/probe/reading.js";
import { shortBytes } from "../snapshot/short.js";
import type { GrowthAnswer } from "./answer.js";
import type { Interval } from "./verdict.js";

const WIDTH = 80;

/** What `bytesper growth` prints for people: the verdict first. */
export function growthText(answer: GrowthAnswer): string {
  const { allocatedPerCallBytes: allocated, doubts, holders = [] } = answer;
  const lines = [
    row("retained a call", interval(answer.retainedPerCallBytes)),
    row("native a call", interval(answer.nativePerCallBytes)),
    row("kernel beyond", interval(answer.kernelPerCallBytes)),
    row(
      "allocated a call",
      `${interval(allocated)}; in 1,000 calls ${fixed(answer.scavengesPer1000Calls, 1)} minor and ${fixed(answer.majorsPer1000Calls, 1)} full collections`,
    ),
    row("first calls", `${shortBytes(answer.onceBytes)} once`),
    row(
      "method",
      `${fixed(answer.calls, 0)} calls in rounds that double, ${answer.trials === 1 ? "one process" : `${answer.trials} processes`}; the last three rounds count; less than ${shortBytes(answer.minimumDetectableBytes)} a call of V8's memory would not be seen`,
    ),
  ];
  return `${[
    wrapped(visible(verdictOf(answer)), WIDTH),
    lines.join("\n"),
    ...(holders.length === 0
      ? []
      : [
          `Who holds what is new\n${holders
            .map(({ name, bytesPerCall, path }) =>
              wrapped(
                visible(`${name}: ${path}`),
                WIDTH,
                " ".repeat(14),
                `${shortBytes(bytesPerCall).padStart(12)}  `,
              ),
            )
            .join("\n")}`,
        ]),
    ...(doubts.length === 0
      ? []
      : [
          doubts
            .map(({ name, message }) => wrapped(visible(`! ${name}: ${message}`), WIDTH, "  ", ""))
            .join("\n"),
        ]),
  ].join("\n\n")}\n`;
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

function row(name: string, text: string): string {
  return wrapped(text, WIDTH, " ".repeat(18), name.padEnd(18));
}

function interval(reading: Interval | { absent: string }): string {
  if (isAbsent(reading)) return `not known: ${reading.absent}`;
  const { value, low, high } = reading;
  if (value === 0 && high > 0) return `none (less than ${shortBytes(high)})`;
  const [least, most] = [shortBytes(low), shortBytes(high)];
  return least === most ? shortBytes(value) : `${shortBytes(value)} (${least} to ${most})`;
}
