import type { Details } from "../record.js";
import type { View } from "../view.js";

const VLLM_PROCESS = /\((?:Vllm\w*|EngineCore\w*|Worker_\w+|APIServer\w*)[^)\n]*pid=\d+[^)\n]*\)|\bvllm[./]/i;
/** A line of a Python traceback, with or without a logger's prefix. */
export const TRACEBACK_LINE = /File "|^\W*(?:\w[^"]*\)\s)?\s{2,}\S|\s{4,}\S|Traceback/;
/** Programs around PyTorch whose settings matter, by a path of theirs in a traceback. */
const HOSTS: readonly [name: "vllm" | "sglang", file: RegExp][] = [
  ["vllm", /File "[^"]*[\\/]vllm[\\/]/],
  ["sglang", /File "[^"]*[\\/](?:sglang|sgl-workspace)[\\/]/],
];
const PHASES: readonly [phase: NonNullable<Details["phase"]>, line: RegExp][] = [
  [
    "start",
    /\b(?:_create_buffers|init_memory_pool|load_model|load_weights|from_pretrained|initialize_kv_caches?|_allocate_kv_cache\w*|profile_run|create_weights)\b|memory_pool\.py/,
  ],
  [
    "training",
    /\bin (?:train\w*|training_step|_?inner_training_loop|fit|fit_\w+|backward|optimizer_step)\b|\.backward\(|optimizer\.step|[\w-]*(?:finetun|trainer|train)\w*\.py|\bcross_entropy\b/,
  ],
  ["inference", /\bin (?:generate|forward_batch\w*|execute_model|_sample|predict\w*)\b|\.generate\(/],
];

/** What the lines above a report tell about the program. */
export interface Host {
  framework: "vllm" | "sglang" | undefined;
  phase: Details["phase"];
}

/** The program around PyTorch and what it was doing, by the line of the report and the traceback above it. */
export function hostOf(view: View, index: number): Host {
  let framework: Host["framework"] = VLLM_PROCESS.test(view.rawLine(index).before) ? "vllm" : undefined;
  const phases = new Set<Details["phase"]>();
  for (const line of view.rawLinesBefore(index, 60)) {
    if (!TRACEBACK_LINE.test(line)) break;
    framework ??= HOSTS.find(([, file]) => file.test(line))?.[0];
    for (const [phase, pattern] of PHASES) if (pattern.test(line)) phases.add(phase);
  }
  return { framework, phase: PHASES.find(([phase]) => phases.has(phase))?.[0] };
}
