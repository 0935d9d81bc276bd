/** How a runtime lays out cache and state. */
export interface RuntimeRules {
  name: Runtime;
  /** Tokens for which a layer without a window has room, when a sequence has so many. */
  cells(tokens: number): number;
  /** The same in a layer with a window. */
  windowCells(tokens: number, window: number): number;
  /** Whether the state of a convolution leaves out the newest column, which is the token itself. */
  leavesNewest: boolean;
  /** Whether that state is kept in fp32 whatever the type of the model. */
  convolutionInFp32: boolean;
  /** Where the rule was read. */
  source: string;
}

export const RUNTIMES = ["vllm", "sglang", "transformers", "llama.cpp"] as const;
export type Runtime = (typeof RUNTIMES)[number];

function padded(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Tokens that llama.cpp reads in one step if nobody says otherwise. */
const LLAMA_CPP_BATCH = 512;

export const RUNTIME_RULES: Record<Runtime, RuntimeRules> = {
  vllm: {
    name: "vllm",
    cells: (tokens) => padded(tokens, 16),
    // One block more than the window, because it begins anywhere in a block.
    windowCells: (tokens, window) => Math.min(padded(tokens, 16), padded(window - 1, 16) + 16),
    leavesNewest: true,
    convolutionInFp32: false,
    source:
      "vLLM: block_size 16; SlidingWindowSpec in vllm/v1/kv_cache_interface.py; MambaStateShapeCalculator",
  },
  sglang: {
    name: "sglang",
    cells: (tokens) => tokens,
    windowCells: (tokens, window) => Math.min(tokens, window),
    leavesNewest: true,
    convolutionInFp32: false,
    source: "SGLang: page_size 1; MambaPool in srt/mem_cache/memory_pool.py",
  },
  transformers: {
    name: "transformers",
    cells: (tokens) => tokens,
    windowCells: (tokens, window) => Math.min(tokens, window),
    leavesNewest: false,
    convolutionInFp32: false,
    source: "transformers: DynamicCache and its sliding layers in cache_utils.py",
  },
  "llama.cpp": {
    name: "llama.cpp",
    cells: (tokens) => padded(tokens, 256),
    windowCells: (tokens, window) => padded(Math.min(padded(tokens, 256), window + LLAMA_CPP_BATCH), 256),
    leavesNewest: true,
    convolutionInFp32: true,
    source: "llama.cpp: src/llama-kv-cache-iswa.cpp, and n_embd_r and n_embd_s in src/llama-hparams.cpp",
  },
};
