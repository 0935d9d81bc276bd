#include <cmath>
#include <vector>

#include "../glibc_versions.h"
#include "../parallel.h"
#include "attention.h"
#include "half.h"

BYTESPER_OLD_VERSION(exp);

namespace bytesper {
namespace {

template <DType type>
double At(const void* data, int64_t index) {
  if (type == DType::kFp32) return static_cast<double>(static_cast<const float*>(data)[index]);
  const uint16_t bits = static_cast<const uint16_t*>(data)[index];
  return static_cast<double>(type == DType::kFp16 ? Fp16ToFloat(bits) : Bf16ToFloat(bits));
}

template <DType type>
void Reference(const AttentionProblem& p, const void* queries, const void* keys, const void* values,
               int threads, double* out) {
  const int64_t heads = p.batch * p.heads;
  const int64_t group = p.heads / p.kv_heads;
  ParallelFor(threads, heads * p.tokens, [&](int64_t row, int) {
    const int64_t head = row / p.tokens;
    const int64_t key_head = head / p.heads * p.kv_heads + head % p.heads / group;
    const int64_t seen = p.causal ? row % p.tokens + 1 : p.tokens;
    std::vector<double> query(static_cast<size_t>(p.head_dim));
    for (int64_t d = 0; d < p.head_dim; ++d) {
      query[static_cast<size_t>(d)] = At<type>(queries, row * p.head_dim + d);
    }
    std::vector<double> weights(static_cast<size_t>(seen));
    double largest = -HUGE_VAL;
    for (int64_t key = 0; key < seen; ++key) {
      double score = 0;
      for (int64_t d = 0; d < p.head_dim; ++d) {
        score += query[static_cast<size_t>(d)] * At<type>(keys, (key_head * p.tokens + key) * p.head_dim + d);
      }
      score *= static_cast<double>(p.scale);
      weights[static_cast<size_t>(key)] = score;
      if (score > largest) largest = score;
    }
    double sum = 0;
    for (double& weight : weights) {
      weight = std::exp(weight - largest);
      sum += weight;
    }
    double* const totals = out + row * p.head_dim;
    for (int64_t d = 0; d < p.head_dim; ++d) totals[d] = 0;
    for (int64_t key = 0; key < seen; ++key) {
      const double weight = weights[static_cast<size_t>(key)];
      for (int64_t d = 0; d < p.head_dim; ++d) {
        totals[d] += weight * At<type>(values, (key_head * p.tokens + key) * p.head_dim + d);
      }
    }
    for (int64_t d = 0; d < p.head_dim; ++d) totals[d] /= sum;
  });
}

}  // namespace

void ReferenceAttention(const AttentionProblem& p, const void* queries, const void* keys, const void* values,
                        int threads, double* out) {
  switch (p.dtype) {
    case DType::kFp32:
      return Reference<DType::kFp32>(p, queries, keys, values, threads, out);
    case DType::kFp16:
      return Reference<DType::kFp16>(p, queries, keys, values, threads, out);
    case DType::kBf16:
      return Reference<DType::kBf16>(p, queries, keys, values, threads, out);
  }
}

}  // namespace bytesper
