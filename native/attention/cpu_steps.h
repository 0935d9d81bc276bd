#pragma once

// The steps of CpuKernels over one `Vec`, which the including file chooses. Everything lies in an unnamed
// namespace, so that code for one instruction set never stands in for another's.

#include <cmath>
#include <cstring>

#include "cpu_kernels.h"
#include "half.h"

namespace bytesper {
namespace {

constexpr int kRows = Vec::kTileRows;
constexpr int kVecs = Vec::kTileVecs;
constexpr int kLanes = Vec::kLanes;
// Keys of one packed panel.
constexpr int kPanel = kVecs * kLanes;
// Keys of one block: its panels, its values and the rows in work share the second-level cache.
constexpr int kBlockKeys = 256;
static_assert(kBlockKeys % kPanel == 0, "a block holds whole panels");

// A score that no key may win. Finite, because the exponential of an infinite one would be a NaN here.
constexpr float kMasked = -1e30f;
constexpr float kLog2E = 1.44269504088896340736f;

inline int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
inline int64_t Smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t Larger(int64_t a, int64_t b) { return a > b ? a : b; }

// 2^x for x <= 0. The polynomial is the best one of degree 5 on [-0.5, 0.5] by Remez exchange, relative error
// 7.5e-8. `x` is finite.
inline Vec Exp2(Vec x) {
  const Vec whole = Vec::Round(x);
  const Vec rest = Vec::Sub(x, whole);
  Vec sum = Vec::All(0.0013276471979478776f);
  sum = Vec::Fma(sum, rest, Vec::All(0.00967554133421605f));
  sum = Vec::Fma(sum, rest, Vec::All(0.05550713273542586f));
  sum = Vec::Fma(sum, rest, Vec::All(0.24022119723848476f));
  sum = Vec::Fma(sum, rest, Vec::All(0.6931469670647331f));
  sum = Vec::Fma(sum, rest, Vec::All(1.0000000716546822f));
  return Vec::Scale(sum, whole);
}

inline const char* At(const void* data, DType type, int64_t index) {
  return static_cast<const char*>(data) + index * static_cast<int64_t>(BytesOf(type));
}

inline Vec LoadAs(const void* from, DType type) {
  if (type == DType::kFp32) return Vec::Load(static_cast<const float*>(from));
  if (type == DType::kFp16) return Vec::LoadFp16(static_cast<const uint16_t*>(from));
  return Vec::LoadBf16(static_cast<const uint16_t*>(from));
}

inline void StoreAs(Vec value, void* to, DType type) {
  if (type == DType::kFp32) return value.Store(static_cast<float*>(to));
  if (type == DType::kFp16) return value.StoreFp16(static_cast<uint16_t*>(to));
  float lanes[kLanes];
  value.Store(lanes);
  for (int i = 0; i < kLanes; ++i) static_cast<uint16_t*>(to)[i] = FloatToBf16(lanes[i]);
}

// The first `count` lanes come from memory, the others are `fill`.
inline Vec LoadSome(const void* from, DType type, int64_t count, float fill) {
  float lanes[kLanes];
  for (int i = 0; i < kLanes; ++i) lanes[i] = fill;
  for (int i = 0; i < kLanes && i < count; ++i) {
    const char* at = At(from, type, i);
    if (type == DType::kFp32) {
      memcpy(&lanes[i], at, 4);
    } else {
      uint16_t bits;
      memcpy(&bits, at, 2);
      lanes[i] = type == DType::kFp16 ? Fp16ToFloat(bits) : Bf16ToFloat(bits);
    }
  }
  return Vec::Load(lanes);
}

inline void StoreSome(Vec value, void* to, DType type, int64_t count) {
  uint32_t lanes[kLanes];
  StoreAs(value, lanes, type);
  memcpy(to, lanes, static_cast<size_t>(count) * BytesOf(type));
}

inline Vec LoadUpTo(const void* from, DType type, int64_t count, float fill) {
  return count >= kLanes ? LoadAs(from, type) : LoadSome(from, type, count, fill);
}

inline void StoreUpTo(Vec value, void* to, DType type, int64_t count) {
  if (count >= kLanes) return StoreAs(value, to, type);
  StoreSome(value, to, type, count);
}

// What one thread works in. All rows are padded to whole tiles, all keys to whole panels.
struct Scratch {
  float* queries;  // [rows / kRows][head_dim][kRows], scaled
  float* sums;     // [rows][head_dim]: unnormalised output
  float* largest;  // [rows]: running maximum
  float* weights;  // [rows]: running sum of exponentials
  float* keys;     // [kBlockKeys / kPanel][head_dim][kPanel]
  float* values;   // [kBlockKeys][head_dim]; null for fp32
  float* scores;   // [kRows][kBlockKeys]
};

size_t ScratchFloats(DType dtype, int64_t head_dim, int64_t rows) {
  const int64_t padded = RoundUp(rows, kRows);
  const int64_t blocks = dtype == DType::kFp32 ? 1 : 2;
  return static_cast<size_t>(2 * padded * head_dim + 2 * RoundUp(padded, 16) +
                             blocks * kBlockKeys * head_dim + kRows * kBlockKeys);
}

Scratch Divide(const AttentionProblem& p, int64_t rows, float* memory) {
  const int64_t padded = RoundUp(rows, kRows);
  Scratch s;
  s.keys = memory;
  s.queries = s.keys + kBlockKeys * p.head_dim;
  s.sums = s.queries + padded * p.head_dim;
  s.scores = s.sums + padded * p.head_dim;
  s.largest = s.scores + kRows * kBlockKeys;
  s.weights = s.largest + RoundUp(padded, 16);
  // Values in fp32 are used where they lie.
  s.values = p.dtype == DType::kFp32 ? nullptr : s.weights + RoundUp(padded, 16);
  return s;
}

inline int64_t KeyHead(const AttentionProblem& p, int64_t head) {
  const int64_t batch = head / p.heads;
  return batch * p.kv_heads + head % p.heads / (p.heads / p.kv_heads);
}

// Queries of a row block, tile by tile, so that the kRows factors of one depth lie side by side.
void PackQueries(const AttentionProblem& p, const AttentionTensors& t, RowBlock block, float scale,
                 float* packed) {
  const int64_t depth = p.head_dim;
  const Vec factor = Vec::All(scale);
  for (int64_t row = 0; row < RoundUp(block.rows, kRows); ++row) {
    float* to = packed + row / kRows * depth * kRows + row % kRows;
    if (row >= block.rows) {
      for (int64_t d = 0; d < depth; ++d) to[d * kRows] = 0;
      continue;
    }
    const int64_t first = (block.head * p.tokens + block.first_row + row) * depth;
    float lanes[kLanes];
    for (int64_t d = 0; d < depth; d += kLanes) {
      Vec::Mul(LoadAs(At(t.queries, p.dtype, first + d), p.dtype), factor).Store(lanes);
      for (int i = 0; i < kLanes; ++i) to[(d + i) * kRows] = lanes[i];
    }
  }
}

// The transpose of `keys` keys from `first_key`, panel by panel; columns past the last key are 0.
void PackKeys(const AttentionProblem& p, const AttentionTensors& t, int64_t head, int64_t first_key,
              int64_t keys, float* packed) {
  const int64_t depth = p.head_dim;
  float rows[kLanes * kLanes];
  for (int64_t key = 0; key < RoundUp(keys, kPanel); key += kLanes) {
    float* to = packed + key / kPanel * depth * kPanel + key % kPanel;
    const int64_t first = (KeyHead(p, head) * p.tokens + first_key + key) * depth;
    const bool in_place = p.dtype == DType::kFp32 && key + kLanes <= keys;
    for (int64_t d = 0; d < depth; d += kLanes) {
      if (in_place) {
        TransposeTile(static_cast<const float*>(t.keys) + first + d, depth, to + d * kPanel, kPanel);
        continue;
      }
      for (int r = 0; r < kLanes; ++r) {
        const bool there = key + r < keys;
        const Vec row = there ? LoadAs(At(t.keys, p.dtype, first + r * depth + d), p.dtype) : Vec::Zero();
        row.Store(rows + r * kLanes);
      }
      TransposeTile(rows, kLanes, to + d * kPanel, kPanel);
    }
  }
}

// The values of a block of keys as fp32 rows: where they lie, or converted into `scratch`.
const float* Values(const AttentionProblem& p, const AttentionTensors& t, int64_t head, int64_t first_key,
                    int64_t keys, float* scratch) {
  const int64_t first = (KeyHead(p, head) * p.tokens + first_key) * p.head_dim;
  if (p.dtype == DType::kFp32) return static_cast<const float*>(t.values) + first;
  for (int64_t i = 0; i < keys * p.head_dim; i += kLanes) {
    LoadAs(At(t.values, p.dtype, first + i), p.dtype).Store(scratch + i);
  }
  return scratch;
}

// One tile of scores: kRows queries, packed by depth, times one panel of keys.
inline void ScoreTile(const float* queries, const float* panel, int64_t depth, float* scores,
                      int64_t stride) {
  Vec sums[kRows][kVecs];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVecs; ++v) sums[r][v] = Vec::Zero();
  }
  for (int64_t d = 0; d < depth; ++d) {
    Vec keys[kVecs];
#pragma GCC unroll 8
    for (int v = 0; v < kVecs; ++v) keys[v] = Vec::Load(panel + d * kPanel + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec query = Vec::All(queries[d * kRows + r]);
#pragma GCC unroll 8
      for (int v = 0; v < kVecs; ++v) sums[r][v] = Vec::Fma(query, keys[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVecs; ++v) sums[r][v].Store(scores + r * stride + v * kLanes);
  }
}

// sums = factor * sums + P V for kRows rows and V vectors of columns. Rows of P are `stride` apart; those of
// V and of the sums, `columns`. With a null `factors` the sums start from 0.
template <int V>
inline void WeighTile(const float* weights, int64_t stride, const float* values, int64_t columns,
                      int64_t keys, const float* factors, float* out) {
  Vec sums[kRows][V];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      sums[r][v] = factors == nullptr
                       ? Vec::Zero()
                       : Vec::Mul(Vec::All(factors[r]), Vec::Load(out + r * columns + v * kLanes));
    }
  }
  for (int64_t key = 0; key < keys; ++key) {
    Vec value[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) value[v] = Vec::Load(values + key * columns + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec weight = Vec::All(weights[r * stride + key]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sums[r][v] = Vec::Fma(weight, value[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[r][v].Store(out + r * columns + v * kLanes);
  }
}

inline void WeighRows(const float* weights, int64_t stride, const float* values, int64_t columns,
                      int64_t keys, const float* factors, float* out) {
  int64_t column = 0;
  for (; column + kPanel <= columns; column += kPanel) {
    WeighTile<kVecs>(weights, stride, values + column, columns, keys, factors, out + column);
  }
  for (; column + kLanes <= columns; column += kLanes) {
    WeighTile<1>(weights, stride, values + column, columns, keys, factors, out + column);
  }
}

// Takes a tile of scores (in units of log 2) into the running maximum and sum of its rows: the scores become
// weights, `factors` what the sums so far must be multiplied with. The rows go through each step together, so
// that the latencies of one hide behind the others.
inline void OnlineSoftmax(float* scores, int64_t width, float* largest, float* weights, bool first,
                          float* factors) {
  float after[kRows];
  for (int r = 0; r < kRows; ++r) {
    const float* row = scores + r * kBlockKeys;
    Vec most = Vec::Load(row);
    Vec other = most;
    int64_t i = kLanes;
    for (; i + kLanes < width; i += 2 * kLanes) {
      most = Vec::Max(most, Vec::Load(row + i));
      other = Vec::Max(other, Vec::Load(row + i + kLanes));
    }
    if (i < width) most = Vec::Max(most, Vec::Load(row + i));
    const float block = Vec::Max(most, other).Largest();
    after[r] = first || block > largest[r] ? block : largest[r];
  }
  Vec sums[kRows];
  for (int r = 0; r < kRows; ++r) {
    float* row = scores + r * kBlockKeys;
    const Vec shift = Vec::All(after[r]);
    Vec sum = Vec::Zero();
    for (int64_t i = 0; i < width; i += kLanes) {
      const Vec weight = Exp2(Vec::Sub(Vec::Load(row + i), shift));
      weight.Store(row + i);
      sum = Vec::Add(sum, weight);
    }
    sums[r] = sum;
  }
  constexpr int kPadded = (kRows + kLanes - 1) / kLanes * kLanes;
  float fall[kPadded] = {};
  for (int r = 0; r < kRows && !first; ++r) fall[r] = largest[r] - after[r];
  for (int r = 0; r < kPadded; r += kLanes) Exp2(Vec::Load(fall + r)).Store(fall + r);
  for (int r = 0; r < kRows; ++r) {
    factors[r] = fall[r];
    weights[r] = sums[r].Sum() + (first ? 0 : weights[r] * fall[r]);
    largest[r] = after[r];
  }
}

// Writes the rows of a block, each times its factor, in the type of the problem.
void WriteRows(const AttentionProblem& p, const AttentionTensors& t, RowBlock block, const float* sums,
               const float* weights) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const int64_t first = (block.head * p.tokens + block.first_row + row) * p.head_dim;
    const Vec factor = Vec::All(weights == nullptr ? 1.0f : 1.0f / weights[row]);
    for (int64_t d = 0; d < p.head_dim; d += kLanes) {
      const Vec value = Vec::Mul(Vec::Load(sums + row * p.head_dim + d), factor);
      StoreAs(value, const_cast<char*>(At(t.out, p.dtype, first + d)), p.dtype);
    }
  }
}

void Flash(const AttentionProblem& p, const AttentionTensors& t, RowBlock block, float* memory) {
  const Scratch s = Divide(p, block.rows, memory);
  PackQueries(p, t, block, p.scale * kLog2E, s.queries);
  const int64_t end = p.causal ? block.first_row + block.rows : p.tokens;
  for (int64_t first_key = 0; first_key < end; first_key += kBlockKeys) {
    const int64_t keys = Smaller(kBlockKeys, end - first_key);
    PackKeys(p, t, block.head, first_key, keys, s.keys);
    const float* values = Values(p, t, block.head, first_key, keys, s.values);
    for (int64_t row = 0; row < block.rows; row += kRows) {
      const int64_t query = block.first_row + row;
      // Keys of this block that the last query of the tile sees.
      const int64_t seen = p.causal ? Smaller(keys, query + kRows - first_key) : keys;
      if (seen <= 0) continue;
      for (int64_t key = 0; key < seen; key += kPanel) {
        ScoreTile(s.queries + row * p.head_dim, s.keys + key * p.head_dim, p.head_dim, s.scores + key,
                  kBlockKeys);
      }
      const int64_t width = RoundUp(seen, kLanes);
      for (int r = 0; r < kRows; ++r) {
        const int64_t visible = p.causal ? Smaller(keys, Larger(query + r + 1 - first_key, 0)) : keys;
        for (int64_t key = visible; key < width; ++key) s.scores[r * kBlockKeys + key] = kMasked;
      }
      float factors[kRows];
      const bool first = first_key == 0;
      OnlineSoftmax(s.scores, width, s.largest + row, s.weights + row, first, factors);
      WeighRows(s.scores, kBlockKeys, values, p.head_dim, seen, first ? nullptr : factors,
                s.sums + row * p.head_dim);
    }
  }
  WriteRows(p, t, block, s.sums, s.weights);
}

void Scores(const AttentionProblem& p, const AttentionTensors& t, RowBlock block, float scale, bool mask,
            ScoreMatrix out, float* memory) {
  const Scratch s = Divide(p, block.rows, memory);
  PackQueries(p, t, block, scale, s.queries);
  const float never = -INFINITY;
  for (int64_t first_key = 0; first_key < p.tokens; first_key += kBlockKeys) {
    const int64_t keys = Smaller(kBlockKeys, p.tokens - first_key);
    PackKeys(p, t, block.head, first_key, keys, s.keys);
    for (int64_t row = 0; row < block.rows; row += kRows) {
      const int64_t at = (block.head * p.tokens + block.first_row + row) * p.tokens + first_key;
      // Whole tiles of fp32 go straight to their places.
      if (out.type == DType::kFp32 && !mask && keys % kPanel == 0 && row + kRows <= block.rows) {
        for (int64_t key = 0; key < keys; key += kPanel) {
          ScoreTile(s.queries + row * p.head_dim, s.keys + key * p.head_dim, p.head_dim,
                    static_cast<float*>(out.data) + at + key, p.tokens);
        }
        continue;
      }
      for (int64_t key = 0; key < keys; key += kPanel) {
        ScoreTile(s.queries + row * p.head_dim, s.keys + key * p.head_dim, p.head_dim, s.scores + key,
                  kBlockKeys);
      }
      for (int64_t r = 0; r < Smaller(kRows, block.rows - row); ++r) {
        const int64_t query = block.first_row + row + r;
        float* from = s.scores + r * kBlockKeys;
        if (mask) {
          for (int64_t key = Larger(query + 1 - first_key, 0); key < keys; ++key) from[key] = never;
        }
        const int64_t to = at + r * p.tokens;
        for (int64_t key = 0; key < keys; key += kLanes) {
          StoreUpTo(Vec::Load(from + key), const_cast<char*>(At(out.data, out.type, to + key)), out.type,
                    keys - key);
        }
      }
    }
  }
}

void Softmax(const ScoreMatrix& in, const ScoreMatrix& out, int64_t first_row, int64_t rows,
             int64_t columns) {
  const Vec log2e = Vec::All(kLog2E);
  // exp2 of less than this is 0 in fp32; it also keeps masked scores finite.
  const Vec lowest = Vec::All(-200.0f);
  for (int64_t row = first_row; row < first_row + rows; ++row) {
    const char* from = At(in.data, in.type, row * columns);
    char* to = const_cast<char*>(At(out.data, out.type, row * columns));
    Vec most = Vec::All(-INFINITY);
    for (int64_t i = 0; i < columns; i += kLanes) {
      most = Vec::Max(most, LoadUpTo(At(from, in.type, i), in.type, columns - i, -INFINITY));
    }
    const Vec shift = Vec::All(-most.Largest() * kLog2E);
    const auto weight_at = [&](int64_t i) {
      const Vec score = LoadUpTo(At(from, in.type, i), in.type, columns - i, -INFINITY);
      return Exp2(Vec::Max(Vec::Fma(score, log2e, shift), lowest));
    };
    Vec sum = Vec::Zero();
    // Sixteen bits would round the weights before they are normalised, so they are computed twice there.
    const bool keep = out.type == DType::kFp32;
    for (int64_t i = 0; i < columns; i += kLanes) {
      const Vec weight = weight_at(i);
      sum = Vec::Add(sum, weight);
      if (keep) StoreUpTo(weight, const_cast<char*>(At(to, out.type, i)), out.type, columns - i);
    }
    const Vec factor = Vec::All(1.0f / sum.Sum());
    for (int64_t i = 0; i < columns; i += kLanes) {
      const Vec weight =
          keep ? LoadUpTo(At(to, DType::kFp32, i), DType::kFp32, columns - i, 0) : weight_at(i);
      StoreUpTo(Vec::Mul(weight, factor), const_cast<char*>(At(to, out.type, i)), out.type, columns - i);
    }
  }
}

constexpr float kOnes[] = {1, 1, 1, 1, 1, 1, 1, 1};
static_assert(kRows <= 8, "a factor for each row");

void Weigh(const AttentionProblem& p, const AttentionTensors& t, RowBlock block, ScoreMatrix probabilities,
           float* memory) {
  const Scratch s = Divide(p, block.rows, memory);
  for (int64_t first_key = 0; first_key < p.tokens; first_key += kBlockKeys) {
    const int64_t keys = Smaller(kBlockKeys, p.tokens - first_key);
    const float* values = Values(p, t, block.head, first_key, keys, s.values);
    for (int64_t row = 0; row < block.rows; row += kRows) {
      const float* ones = first_key == 0 ? nullptr : kOnes;
      float* const sums = s.sums + row * p.head_dim;
      if (probabilities.type == DType::kFp32 && row + kRows <= block.rows) {
        const int64_t at = (block.head * p.tokens + block.first_row + row) * p.tokens + first_key;
        WeighRows(static_cast<const float*>(probabilities.data) + at, p.tokens, values, p.head_dim, keys,
                  ones, sums);
        continue;
      }
      for (int64_t r = 0; r < kRows; ++r) {
        // The last tile repeats its last row, whose copies nobody reads.
        const int64_t query = block.first_row + Smaller(row + r, block.rows - 1);
        const char* from = At(probabilities.data, probabilities.type,
                              (block.head * p.tokens + query) * p.tokens + first_key);
        for (int64_t key = 0; key < keys; key += kLanes) {
          LoadUpTo(At(from, probabilities.type, key), probabilities.type, keys - key, 0)
              .Store(s.scores + r * kBlockKeys + key);
        }
      }
      WeighRows(s.scores, kBlockKeys, values, p.head_dim, keys, ones, sums);
    }
  }
  WriteRows(p, t, block, s.sums, nullptr);
}

void Convert(const ScoreMatrix& in, const ScoreMatrix& out, int64_t first, int64_t count, float factor) {
  const Vec times = Vec::All(factor);
  for (int64_t i = first; i < first + count; i += kLanes) {
    const int64_t left = first + count - i;
    const Vec value = LoadUpTo(At(in.data, in.type, i), in.type, left, 0);
    StoreUpTo(Vec::Mul(value, times), const_cast<char*>(At(out.data, out.type, i)), out.type, left);
  }
}

}  // namespace
}  // namespace bytesper
