#pragma once

#include "problem.h"

namespace bytesper {

// Where the tensors of a problem lie, in the type of the problem.
struct AttentionTensors {
  const void* queries = nullptr;
  const void* keys = nullptr;
  const void* values = nullptr;
  void* out = nullptr;
};

// Rows `first_row` to `first_row + rows` of one query head, counted over batch and heads.
struct RowBlock {
  int64_t head = 0;
  int64_t first_row = 0;
  int64_t rows = 0;
};

// A matrix of scores or probabilities [batch, heads, tokens, tokens] that lies complete in memory.
struct ScoreMatrix {
  void* data = nullptr;
  DType type = DType::kFp32;
};

// One layer of a decode; see DecodeProblem for the layout of its cache.
struct DecodeLayer {
  const void* const* slabs = nullptr;
  int64_t key_offset = 0;
  int64_t value_offset = 0;
  int64_t page_bytes = 0;
  int64_t page_tokens = 0;
  int64_t pages_in_slab = 0;
  int64_t head_dim = 0;
  DType dtype = DType::kBf16;
  CacheType cache = CacheType::kBf16;
};

// Tokens `begin` to `end` of one sequence, for the `group` query heads that share one key/value head.
struct DecodePart {
  int64_t sequence = 0;
  int64_t kv_head = 0;
  int64_t begin = 0;
  int64_t end = 0;
  int64_t group = 0;
  const int32_t* table = nullptr;  // of the sequence; null: dense
  const void* queries = nullptr;   // [group, head_dim]
  float factor = 0;                // scale, scale of the keys and log2(e)
  float value_scale = 0;
  float* out = nullptr;      // [group, head_dim], not yet divided by the sums
  float* largest = nullptr;  // [group], in units of log2
  float* sum = nullptr;      // [group]
};

// The steps of attention on one thread, compiled once for each instruction set. No step allocates: `scratch`
// holds ScratchFloats() numbers, which need no initial value.
struct CpuKernels {
  const char* instruction_set;
  // Numbers that a thread needs for row blocks of up to `rows` rows.
  size_t (*scratch_floats)(DType dtype, int64_t head_dim, int64_t rows);
  // Attention with online softmax: writes the rows of `out`.
  void (*flash)(const AttentionProblem&, const AttentionTensors&, RowBlock, float* scratch);
  // Rows of scale * Q K^T; with `mask`, the keys that a query may not see get -infinity.
  void (*scores)(const AttentionProblem&, const AttentionTensors&, RowBlock, float scale, bool mask,
                 ScoreMatrix out, float* scratch);
  // Softmax in fp32 over each of `rows` rows of `columns` numbers. `in` and `out` may be the same matrix.
  void (*softmax)(const ScoreMatrix& in, const ScoreMatrix& out, int64_t first_row, int64_t rows,
                  int64_t columns);
  // Rows of P V into `out`.
  void (*weigh)(const AttentionProblem&, const AttentionTensors&, RowBlock, ScoreMatrix probabilities,
                float* scratch);
  // out[i] = in[i] * factor
  void (*convert)(const ScoreMatrix& in, const ScoreMatrix& out, int64_t first, int64_t count, float factor);
  // Numbers that a thread needs for one part of a decode.
  size_t (*decode_floats)(int64_t group, int64_t head_dim);
  void (*decode)(const DecodeLayer&, const DecodePart&, float* scratch);
  // Reads memory from end to end.
  uint64_t (*sum_of_memory)(const void* from, int64_t bytes);
};

// The widest instruction set that this processor and this build have. `most` limits the choice: "avx512",
// "avx2" or "portable"; null where the processor lacks it or the name is unknown.
const CpuKernels* ChooseCpuKernels(const char* most = nullptr);

const CpuKernels* Avx512Kernels();
const CpuKernels* Avx2Kernels();
const CpuKernels* PortableKernels();

}  // namespace bytesper
