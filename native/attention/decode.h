#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../pool/memory_pool.h"
#include "problem.h"

namespace bytesper {

// Attention of one new token of each of several sequences, in each of several layers, over keys and values
// that lie in caches: O = softmax(scale * q K^T) V with q and O [layers, sequences, heads, headDim]. Query
// head h reads key/value head h / (heads / kvHeads). How a cache lies in its slabs is told at DecodeParams in
// kernels/decode_params.h: a slab is [layers, 2 (keys, values), pages, kvHeads, page_tokens, headDim].
struct DecodeProblem {
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  DType dtype = DType::kBf16;  // of queries and output; fp16 or bf16
  CacheType cache = CacheType::kBf16;
  float scale = 0;
  // Paged: tokens of a page, and pages of a slab. Dense: a slab is one page, with room for so many tokens.
  bool paged = false;
  int64_t page_tokens = 0;
  int64_t pages_in_slab = 1;
  int64_t table_width = 0;
  std::vector<int32_t> lengths;  // [sequences]
  std::vector<int32_t> table;    // [sequences, table_width]; empty if dense

  int64_t Sequences() const { return static_cast<int64_t>(lengths.size()); }
  int64_t PageBytes() const { return kv_heads * page_tokens * head_dim * BytesOf(cache); }
  int64_t SlabBytes() const { return layers * 2 * pages_in_slab * PageBytes(); }
  int64_t KeyOffset(int64_t layer) const { return layer * 2 * pages_in_slab * PageBytes(); }
  int64_t ValueOffset(int64_t layer) const { return (layer * 2 + 1) * pages_in_slab * PageBytes(); }
  // Bytes of the scales of one sequence: fp32 [layers, 2, kvHeads].
  int64_t ScaleBytes() const { return layers * 2 * kv_heads * 4; }
  int64_t QueryElements() const { return layers * Sequences() * heads * head_dim; }
  int32_t MostTokens() const;
  // Bytes of keys and values that one token of each sequence reads.
  int64_t ReadBytes() const;
};

// Empty, or what is wrong. A problem that passes reads nothing outside of `slabs` slabs of SlabBytes() each.
std::string Validate(const DecodeProblem& problem, int64_t slabs);

// Blocks of the pool, which outlive the call.
struct DecodeMemory {
  std::vector<const void*> slabs;
  std::vector<const float*> scales;  // one a sequence, or none
};

struct DecodeOptions {
  bool reference = false;  // in double precision; on the host alone
  int threads = 1;
  const char* instruction_set = nullptr;
  uint64_t seed = 0;
  const void* queries = nullptr;  // null: from the seed
};

struct DecodeReport {
  PoolError error;
  // Time of the kernels of all layers alone.
  double duration_ms = 0;
  PoolStats at_most;
  int parts = 0;  // in which each sequence was cut
  std::string code;
};

// Workspace, queries and output come from `pool`, whose high-water marks are reset first. `out`, where not
// null, receives the output in the type of the problem. The problem is valid.
DecodeReport RunHostDecode(const DecodeProblem& problem, const DecodeMemory& memory,
                           const DecodeOptions& options, MemoryPool* pool, void* out);

// In double precision over the cache as it is rounded. `queries` has the type of the problem.
void ReferenceDecode(const DecodeProblem& problem, const DecodeMemory& memory, const void* queries,
                     int threads, double* out);

}  // namespace bytesper
