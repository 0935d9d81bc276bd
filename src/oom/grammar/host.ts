import type { View } from "../view.js";

const VLLM_PROCESS = /\((?:Vllm\w*|EngineCore\w*|Worker_\w+|APIServer\w*)[^)\n]*pid=\d+[^)\n]*\)|\bvllm[./]/i;
/** A line of a Python traceback, with or without a logger's prefix. */
export const TRACEBACK_LINE = /File "|^\W*(?:\w[^"]*\)\s)?\s{2,}\S|\s{4,}\S|Traceback/;
const VLLM_FILE = /File "[^"]*[\\/]vllm[\\/]/;

/**
 * The program around PyTorch whose settings matter, if the line of the report or the traceback above it names
 * one.
 */
export function hostFramework(view: View, index: number): "vllm" | undefined {
  if (VLLM_PROCESS.test(view.rawLine(index).before)) return "vllm";
  for (const line of view.rawLinesBefore(index, 60)) {
    if (!TRACEBACK_LINE.test(line)) break;
    if (VLLM_FILE.test(line)) return "vllm";
  }
  return undefined;
}
