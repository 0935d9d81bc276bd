#pragma once

// One part of decode over the `Vec` that the including file chose, and the table of all steps.

#include "cpu_steps.h"
#include "kernels/fp8.h"

namespace bytesper {
namespace {

// Keys of one block: as fp32 rows, they and the values stay in the caches of a core.
constexpr int64_t kDecodeKeys = 32;
// Heads whose sums lie in registers together.
constexpr int kDecodeHeads = 4;

size_t DecodeFloats(int64_t group, int64_t head_dim) {
  return static_cast<size_t>((RoundUp(group, kDecodeHeads) + 2 * kDecodeKeys) * head_dim +
                             RoundUp(group, kDecodeHeads) * kDecodeKeys);
}

// `count` numbers of a cache as fp32; a whole number of vectors.
inline void WidenCache(const char* from, CacheType type, int64_t count, float* to) {
  if (type == CacheType::kFp8) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(from);
    for (int64_t i = 0; i < count; ++i) to[i] = attention::E4m3ToFloat(bytes[i]);
    return;
  }
  const DType half = type == CacheType::kFp16 ? DType::kFp16 : DType::kBf16;
  for (int64_t i = 0; i < count; i += kLanes) LoadAs(At(from, half, i), half).Store(to + i);
}

// scores[h][key] for kDecodeHeads heads.
inline void DecodeScores(const float* queries, const float* keys, int64_t count, int64_t depth,
                         float* scores) {
  for (int64_t key = 0; key < count; ++key) {
    Vec sums[kDecodeHeads];
#pragma GCC unroll 4
    for (int h = 0; h < kDecodeHeads; ++h) sums[h] = Vec::Zero();
    for (int64_t d = 0; d < depth; d += kLanes) {
      const Vec number = Vec::Load(keys + key * depth + d);
#pragma GCC unroll 4
      for (int h = 0; h < kDecodeHeads; ++h) {
        sums[h] = Vec::Fma(Vec::Load(queries + h * depth + d), number, sums[h]);
      }
    }
#pragma GCC unroll 4
    for (int h = 0; h < kDecodeHeads; ++h) scores[h * kDecodeKeys + key] = sums[h].Sum();
  }
}

// out = shrink * out + weights V for `heads` heads, of at most kDecodeHeads.
inline void DecodeValues(const float* weights, const float* values, int64_t count, int64_t depth,
                         int64_t heads, const float* shrink, float* out) {
  for (int64_t d = 0; d < depth; d += kLanes) {
    Vec sums[kDecodeHeads];
#pragma GCC unroll 4
    for (int h = 0; h < kDecodeHeads; ++h) {
      sums[h] = h < heads ? Vec::Mul(Vec::All(shrink[h]), Vec::Load(out + h * depth + d)) : Vec::Zero();
    }
    for (int64_t key = 0; key < count; ++key) {
      const Vec number = Vec::Load(values + key * depth + d);
#pragma GCC unroll 4
      for (int h = 0; h < kDecodeHeads; ++h) {
        sums[h] = Vec::Fma(Vec::All(weights[h * kDecodeKeys + key]), number, sums[h]);
      }
    }
#pragma GCC unroll 4
    for (int h = 0; h < kDecodeHeads; ++h) {
      if (h < heads) sums[h].Store(out + h * depth + d);
    }
  }
}

// Where the rows of `token` and its followers on the same page lie.
inline const char* CacheRow(const DecodeLayer& layer, const DecodePart& part, int64_t token, bool value) {
  const int64_t index = token / layer.page_tokens;
  const int64_t page = part.table == nullptr ? part.sequence : part.table[index];
  return static_cast<const char*>(layer.slabs[page / layer.pages_in_slab]) +
         (value ? layer.value_offset : layer.key_offset) + page % layer.pages_in_slab * layer.page_bytes +
         (part.kv_head * layer.page_tokens + token % layer.page_tokens) * layer.head_dim *
             BytesOf(layer.cache);
}

void DecodeOne(const DecodeLayer& layer, const DecodePart& part, float* scratch) {
  const int64_t depth = layer.head_dim;
  const int64_t padded = RoundUp(part.group, kDecodeHeads);
  float* const queries = scratch;                       // [padded][depth]
  float* const keys = queries + padded * depth;         // [kDecodeKeys][depth]
  float* const values = keys + kDecodeKeys * depth;     // the same
  float* const weights = values + kDecodeKeys * depth;  // [padded][kDecodeKeys]
  for (int64_t i = 0; i < padded * depth; i += kLanes) {
    const Vec query = i < part.group * depth ? Vec::Mul(LoadAs(At(part.queries, layer.dtype, i), layer.dtype),
                                                        Vec::All(part.factor))
                                             : Vec::Zero();
    query.Store(queries + i);
  }
  for (int64_t i = 0; i < part.group * depth; i += kLanes) Vec::Zero().Store(part.out + i);
  for (int64_t h = 0; h < part.group; ++h) {
    part.largest[h] = kMasked;
    part.sum[h] = 0;
  }

  for (int64_t token = part.begin; token < part.end;) {
    int64_t count = Smaller(part.end - token, kDecodeKeys);
    count = Smaller(count, layer.page_tokens - token % layer.page_tokens);
    WidenCache(CacheRow(layer, part, token, false), layer.cache, count * depth, keys);
    WidenCache(CacheRow(layer, part, token, true), layer.cache, count * depth, values);
    for (int64_t head = 0; head < part.group; head += kDecodeHeads) {
      float* const scores = weights + head * kDecodeKeys;
      DecodeScores(queries + head * depth, keys, count, depth, scores);
      const int64_t heads = Smaller(part.group - head, kDecodeHeads);
      float shrink[kDecodeHeads] = {};
      for (int64_t h = 0; h < heads; ++h) {
        float* const row = scores + h * kDecodeKeys;
        for (int64_t key = count; key < kDecodeKeys; ++key) row[key] = kMasked;
        Vec most = Vec::All(part.largest[head + h]);
        for (int64_t key = 0; key < kDecodeKeys; key += kLanes) most = Vec::Max(most, Vec::Load(row + key));
        const float largest = most.Largest();
        shrink[h] = Exp2(Vec::All(part.largest[head + h] - largest)).Largest();
        part.largest[head + h] = largest;
        Vec sums = Vec::Zero();
        for (int64_t key = 0; key < kDecodeKeys; key += kLanes) {
          const Vec weight = Exp2(Vec::Sub(Vec::Load(row + key), Vec::All(largest)));
          weight.Store(row + key);
          sums = Vec::Add(sums, weight);
        }
        part.sum[head + h] = part.sum[head + h] * shrink[h] + sums.Sum();
      }
      DecodeValues(scores, values, count, depth, heads, shrink, part.out + head * depth);
    }
    token += count;
  }
  const Vec factor = Vec::All(part.value_scale);
  for (int64_t i = 0; i < part.group * depth; i += kLanes) {
    Vec::Mul(factor, Vec::Load(part.out + i)).Store(part.out + i);
  }
}

// A sum that depends on every byte, so that none is left out.
uint64_t SumOfMemory(const void* from, int64_t bytes) {
  const auto* const words = static_cast<const uint64_t*>(from);
  uint64_t sums[8] = {};
  const int64_t count = bytes / 8;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
  }
  for (; i < count; ++i) sums[0] += words[i];
  return sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
}

constexpr CpuKernels KernelsOf(const char* instruction_set) {
  return {instruction_set, ScratchFloats, Flash,        Scores,    Softmax,
          Weigh,           Convert,       DecodeFloats, DecodeOne, SumOfMemory};
}

}  // namespace
}  // namespace bytesper
