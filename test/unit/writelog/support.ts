import { WriteLogAnalysis } from "../../../src/writelog/analysis/analysis.js";
import type { WriteEvent } from "../../../src/writelog/event.js";
import type { Layout } from "../../../src/writelog/layouts.js";
import { WriteLogReader } from "../../../src/writelog/read/reader.js";
import { RunSplitter } from "../../../src/writelog/runs.js";

export const HEADER =
  "step,action,reason,sim_max,surprise,surp_norm,entropy,topk,used_key_id,shadow_size,mem_size";

export const warmUp = (step: number): string => `${step},defer,warmup,,,,,6,,0,0`;
export const commit = (step: number, mem: number): string => `${step},commit,add,0.2,0.5,,1.0,6,,0,${mem}`;
export const merge = (step: number, mem: number, similarity = 0.5): string =>
  `${step},merge,near_merge,${similarity},0.5,,1.0,6,0,0,${mem}`;
export const stage = (step: number, mem: number): string => `${step},stage,staged,,,,,6,,1,${mem},0.08`;
export const promote = (step: number, mem: number): string =>
  `${step},promote,shadow_promote,,,,,6,,0,${mem}`;
export const other = (step: number, action: string, mem: number): string =>
  `${step},${action},${action},,,,,6,,0,${mem}`;

export interface Read {
  reader: WriteLogReader;
  events: Pick<WriteEvent, "line" | "step" | "memSize">[];
  words: string[];
}

/** Reads a text in pieces of some bytes. */
export function read(text: string | Buffer, given: Layout[] = [], pieceBytes = Infinity): Read {
  const events: Read["events"] = [];
  const words: string[] = [];
  const reader = new WriteLogReader(({ line, step, memSize, kind }) => {
    events.push({ line, step, memSize });
    words.push(`${kind.action} ${kind.reason}`);
  }, given);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes)
    reader.push(bytes.subarray(at, Math.min(bytes.length, at + pieceBytes)));
  reader.finish();
  return { reader, events, words };
}

/** The run of each row, by its index. */
export function runsOf(lines: readonly string[]): { runs: number[]; splitter: RunSplitter } {
  const splitter = new RunSplitter();
  const runs: number[] = [];
  const reader = new WriteLogReader((event) => runs.push(splitter.runOf(event).index));
  reader.push(Buffer.from(`${lines.join("\n")}\n`));
  reader.finish();
  return { runs, splitter };
}

export function analysed(lines: readonly string[]): { analysis: WriteLogAnalysis; reader: WriteLogReader } {
  const analysis = new WriteLogAnalysis();
  const reader = new WriteLogReader((event) => {
    analysis.see(event);
  });
  reader.push(Buffer.from(`${lines.join("\n")}\n`));
  reader.finish();
  return { analysis, reader };
}
