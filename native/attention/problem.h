#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bytesper {

enum class DType { kFp32, kFp16, kBf16 };
enum class Kernel { kNaive, kEager, kFlash, kReference };

// Of the numbers in a key/value cache; fp8 is e4m3.
enum class CacheType { kFp16, kBf16, kFp8 };

inline size_t BytesOf(DType type) { return type == DType::kFp32 ? 4 : 2; }
inline int64_t BytesOf(CacheType type) { return type == CacheType::kFp8 ? 1 : 2; }

// O = softmax(scale * Q K^T, masked) V over contiguous q, out [batch, heads, tokens, headDim] and
// k, v [batch, kvHeads, tokens, headDim]. Query head h reads key/value head h / (heads / kvHeads).
struct AttentionProblem {
  int64_t batch = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t tokens = 0;
  int64_t head_dim = 0;
  // Query i sees the keys 0 to i.
  bool causal = false;
  float scale = 0;
  DType dtype = DType::kFp32;
  // Type in which the naive kernel keeps its scores.
  DType score_dtype = DType::kFp32;

  int64_t QueryElements() const { return batch * heads * tokens * head_dim; }
  int64_t KeyElements() const { return batch * kv_heads * tokens * head_dim; }
  int64_t ScoreElements() const { return batch * heads * tokens * tokens; }
};

// Empty, or what is wrong with the shape. A problem that passes has element counts whose bytes fit an
// int64_t.
std::string Validate(const AttentionProblem& problem);

}  // namespace bytesper
