import type { Answer } from "../base/answer.js";
import type { AttentionRecord, KernelCheck } from "../device/index.js";
import { isAbsent } from "../system/probe/reading.js";
import { bytesWithBinaryUnit, fixed, percent, ratio } from "../base/format.js";
import type { Cell, Table } from "../base/table/table.js";

/** What one attention took, in a sentence, beside what its scores alone would take. */
export function attentionAnswer(record: AttentionRecord, details: string): Answer {
  const {
    kernel,
    dtype,
    tokens,
    estimatedScoreBytes,
    usedHighWaterBytes: used,
    inputOutputBytes,
    outcome,
  } = record;
  const length = `${fixed(tokens, 0)} tokens with the ${kernel} kernel in ${dtype}`;
  const scores = `Scores alone would take ${bytesWithBinaryUnit(estimatedScoreBytes)} by the estimate`;
  const sentences = isAbsent(used)
    ? [`Attention over ${length} ended with ${outcome}: ${used.absent}.`, `${scores}.`]
    : [
        `Attention over ${length} uses ${bytesWithBinaryUnit(used)} at most, ${bytesWithBinaryUnit(used - inputOutputBytes)} beside inputs and output.`,
        `${scores}; beside inputs and output, ${percent((used - inputOutputBytes) / estimatedScoreBytes, 1)} of that was used.`,
      ];
  return {
    sentences,
    tone: outcome === "ok" ? "verdict" : "bad",
    next: ["Every figure: --verbose. Unrounded: --json."],
    details,
  };
}

/** One attention for the terminal: the estimate, the measurement and their difference. */
export function attentionTable(record: AttentionRecord): Table {
  const { kernel, dtype, tokens, heads, kvHeads, headDim, batch, causal, device, code } = record;
  const used = record.usedHighWaterBytes;
  const size = (value: number | { absent: string }): Cell =>
    isAbsent(value) ? { absent: value.absent } : bytesWithBinaryUnit(value);
  const extra = isAbsent(used) ? used : used - record.inputOutputBytes;
  const rows: Cell[][] = [
    ["estimated scores", size(record.estimatedScoreBytes), "tokens^2 x heads x batch x bytes of a score"],
    ["inputs and output", size(record.inputOutputBytes), "queries, keys, values and output"],
    ["used, at most", size(used), "high-water mark of the pool, inputs and output included"],
    ["reserved, at most", size(record.reservedHighWaterBytes), "what the pool took from the system for it"],
    ["extra", size(extra), "used less inputs and output"],
    [
      "extra / estimated scores",
      isAbsent(extra) ? { absent: extra.absent } : ratio(extra / record.estimatedScoreBytes),
      kernel === "flash" ? "the flash kernel keeps no scores" : "1 where only the scores are kept",
    ],
    [
      "time",
      isAbsent(record.durationMs)
        ? { absent: record.durationMs.absent }
        : `${fixed(record.durationMs, 1)} ms`,
      "the kernel alone, one run",
    ],
  ];
  const grouped = kvHeads === heads ? `${heads} heads` : `${heads} heads over ${kvHeads} key/value heads`;
  return {
    caption: `Attention (${kernel}, ${dtype}${causal ? ", causal" : ""}): ${tokens.toLocaleString("en-US")} tokens, ${grouped} of dimension ${headDim}, batch ${batch}`,
    columns: [
      { title: "figure", align: "left" },
      { title: "value", align: "right" },
      { title: "how", align: "left" },
    ],
    rows,
    notes: [
      `Outcome: ${record.outcome}; device ${device} (${code}), cap ${bytesWithBinaryUnit(record.capBytes)}. KiB, MiB and GiB are powers of 1024.`,
    ],
  };
}

/** The largest error of each kernel against double precision. */
export function checkTable(device: string, checks: readonly KernelCheck[]): Table {
  return {
    caption: `Kernels of ${device} against double precision`,
    columns: [
      { title: "kernel", align: "left" },
      { title: "dtype", align: "left" },
      { title: "combinations", align: "right" },
      { title: "worst error", align: "right" },
      { title: "limit", align: "right" },
      { title: "at", align: "left" },
      { title: "verdict", align: "left" },
    ],
    rows: checks.map(({ kernel, dtype, combinations, worst, limit, ok }) => [
      kernel,
      dtype,
      fixed(combinations, 0),
      worst.error.toExponential(1),
      limit.toExponential(0),
      `${worst.tokens} tokens, dimension ${worst.headDim}${worst.causal ? ", causal" : ""}`,
      ok ? "agrees" : "off",
    ]),
    notes: ["The error is the norm of the difference over the norm of the truth, on random numbers."],
  };
}
