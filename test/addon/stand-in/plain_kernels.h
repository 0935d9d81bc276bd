// What the kernels compute, as plain loops in double precision: for tests of the host's side, which need
// right numbers fast and nothing of how a GPU makes them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../../../native/attention/half.h"
#include "decode_params.h"
#include "fp8.h"
#include "params.h"
#include "rough_normal.h"

namespace plain {

using bytesper::attention::AttentionParams;
using bytesper::attention::DecodeParams;
using bytesper::attention::ElementParams;

inline float Widen(const std::string& type, const void* from, long long i) {
  if (type == "fp32") return static_cast<const float*>(from)[i];
  const uint16_t bits = static_cast<const uint16_t*>(from)[i];
  return type == "fp16" ? bytesper::Fp16ToFloat(bits) : bytesper::Bf16ToFloat(bits);
}

inline void Narrow(const std::string& type, void* to, long long i, double value) {
  const float x = static_cast<float>(value);
  if (type == "fp32") static_cast<float*>(to)[i] = x;
  if (type == "fp16") static_cast<uint16_t*>(to)[i] = bytesper::FloatToFp16(x);
  if (type == "bf16") static_cast<uint16_t*>(to)[i] = bytesper::FloatToBf16(x);
}

inline std::vector<float> All(const std::string& type, const void* from, long long count) {
  std::vector<float> out(static_cast<size_t>(count));
  const int kind = type == "fp32" ? 0 : type == "fp16" ? 1 : 2;
  for (long long i = 0; i < count; ++i) {
    out[static_cast<size_t>(i)] = kind == 0   ? static_cast<const float*>(from)[i]
                                  : kind == 1 ? bytesper::Fp16ToFloat(static_cast<const uint16_t*>(from)[i])
                                              : bytesper::Bf16ToFloat(static_cast<const uint16_t*>(from)[i]);
  }
  return out;
}

// Every row of queries: visit(row in all, its place in its head, the row of its first key).
template <typename Visit>
void ForRows(const AttentionParams& p, Visit visit) {
  for (long long head = 0; head < static_cast<long long>(p.batch) * p.heads; ++head) {
    const long long key_head = head / p.heads * p.kvHeads + head % p.heads / (p.heads / p.kvHeads);
    for (long long i = 0; i < p.tokens; ++i) visit(head * p.tokens + i, i, key_head * p.tokens);
  }
}

inline long long Queries(const AttentionParams& p) { return p.tokens * p.batch * p.heads * p.headDim; }
inline long long Keys(const AttentionParams& p) { return p.tokens * p.batch * p.kvHeads * p.headDim; }

inline double Product(const AttentionParams& p, const float* query, const float* key) {
  double sum = 0;
  for (int c = 0; c < p.headDim; ++c) sum += static_cast<double>(query[c]) * key[c];
  return sum * p.scale;
}

inline void Weigh(const std::string& type, const AttentionParams& p, long long row, const float* values,
                  const std::vector<double>& weights) {
  std::vector<double> out(static_cast<size_t>(p.headDim), 0.0);
  for (size_t j = 0; j < weights.size(); ++j)
    for (int c = 0; c < p.headDim; ++c)
      out[static_cast<size_t>(c)] +=
          weights[j] * values[j * static_cast<size_t>(p.headDim) + static_cast<size_t>(c)];
  for (int c = 0; c < p.headDim; ++c) Narrow(type, p.out, row * p.headDim + c, out[static_cast<size_t>(c)]);
}

inline double Softmax(std::vector<double>* x) {
  double most = -HUGE_VAL, sum = 0;
  for (const double value : *x) most = value > most ? value : most;
  for (double& value : *x) sum += value = std::exp(value - most);
  for (double& value : *x) value /= sum;
  return most + std::log(sum);
}

inline void Flash(const std::string& type, bool causal, const AttentionParams& p) {
  const auto q = All(type, p.q, Queries(p)), k = All(type, p.k, Keys(p)), v = All(type, p.v, Keys(p));
  ForRows(p, [&](long long row, long long i, long long keys) {
    std::vector<double> x(static_cast<size_t>(causal ? i + 1 : p.tokens));
    for (size_t j = 0; j < x.size(); ++j)
      x[j] = Product(p, &q[static_cast<size_t>(row * p.headDim)],
                     &k[static_cast<size_t>((keys + static_cast<long long>(j)) * p.headDim)]);
    const double lse = Softmax(&x);
    if (p.lse != nullptr) p.lse[row] = static_cast<float>(lse);
    Weigh(type, p, row, &v[static_cast<size_t>(keys * p.headDim)], x);
  });
}

inline void Scores(const std::string& type, const std::string& score, const AttentionParams& p) {
  const auto q = All(type, p.q, Queries(p)), k = All(type, p.k, Keys(p));
  ForRows(p, [&](long long row, long long i, long long keys) {
    for (long long j = 0; j < p.tokens; ++j)
      Narrow(score, p.scores, row * p.tokens + j,
             p.causal != 0 && j > i ? -HUGE_VAL
                                    : Product(p, &q[static_cast<size_t>(row * p.headDim)],
                                              &k[static_cast<size_t>((keys + j) * p.headDim)]));
  });
}

inline void SoftmaxRows(const std::string& score, const std::string& to, void* out,
                        const AttentionParams& p) {
  const auto all = All(score, p.scores, p.tokens * p.tokens * p.batch * p.heads);
  ForRows(p, [&](long long row, long long, long long) {
    const auto from = all.begin() + row * p.tokens;
    std::vector<double> x(from, from + p.tokens);
    Softmax(&x);
    for (size_t j = 0; j < x.size(); ++j) Narrow(to, out, row * p.tokens + static_cast<long long>(j), x[j]);
  });
}

inline void Values(const std::string& type, const std::string& score, const AttentionParams& p) {
  const auto all = All(score, p.scores, p.tokens * p.tokens * p.batch * p.heads), v = All(type, p.v, Keys(p));
  ForRows(p, [&](long long row, long long, long long keys) {
    const auto from = all.begin() + row * p.tokens;
    Weigh(type, p, row, &v[static_cast<size_t>(keys * p.headDim)],
          std::vector<double>(from, from + p.tokens));
  });
}

// A row of a cache; e4m3 is "fp8".
inline std::vector<float> CacheRow(const std::string& type, const char* row, int columns) {
  if (type != "fp8") return All(type, row, columns);
  std::vector<float> out;
  for (int d = 0; d < columns; ++d)
    out.push_back(bytesper::attention::E4m3ToFloat(static_cast<uint8_t>(row[d])));
  return out;
}

// One part of one query head: its maximum in units of log2, its sum, and its values not yet divided.
inline void DecodePart(const std::string& type, const std::string& cache, const DecodeParams& p, int s,
                       int head, int part) {
  const int kv = head / (p.heads / p.kvHeads);
  const long long row = (static_cast<long long>(s) * p.heads + head) * p.parts + part;
  const int begin = part * p.part_tokens, past = begin + p.part_tokens;
  const int end = p.lengths[s] < past ? p.lengths[s] : past;
  p.part_max[row] = -INFINITY, p.part_sum[row] = 0;
  if (begin >= end) return;
  const float* const scales = p.scales == nullptr ? nullptr : p.scales[s] + p.scale_offset;
  const long long row_bytes = p.headDim * (cache == "fp8" ? 1 : 2);
  const auto row_of = [&](int token, long long start) {
    const long long page = p.table == nullptr ? s : p.table[s * p.table_width + (token >> p.page_shift)];
    const int in_page = p.table == nullptr ? token : token & ((1 << p.page_shift) - 1);
    return static_cast<const char*>(p.slabs[page >> p.slab_shift]) + start +
           (page & ((1LL << p.slab_shift) - 1)) * p.page_bytes +
           (static_cast<long long>(kv) * p.page_tokens + in_page) * row_bytes;
  };
  const auto q = All(type, static_cast<const char*>(p.q) + row / p.parts * p.headDim * 2, p.headDim);
  std::vector<double> weights;
  double largest = -HUGE_VAL, sum = 0;
  for (int token = begin; token < end; ++token) {
    const auto key = CacheRow(cache, row_of(token, p.key_offset), p.headDim);
    double x = 0;
    for (int d = 0; d < p.headDim; ++d)
      x += static_cast<double>(q[static_cast<size_t>(d)]) * static_cast<double>(key[static_cast<size_t>(d)]);
    weights.push_back(x * p.scale * (scales == nullptr ? 1.0 : static_cast<double>(scales[kv])) * M_LOG2E);
    largest = weights.back() > largest ? weights.back() : largest;
  }
  std::vector<double> out(static_cast<size_t>(p.headDim), 0.0);
  for (int token = begin; token < end; ++token) {
    const auto value = CacheRow(cache, row_of(token, p.value_offset), p.headDim);
    const double weight = std::exp2(weights[static_cast<size_t>(token - begin)] - largest);
    sum += weight;
    for (int d = 0; d < p.headDim; ++d)
      out[static_cast<size_t>(d)] += weight * static_cast<double>(value[static_cast<size_t>(d)]);
  }
  const double value_scale = scales == nullptr ? 1.0 : static_cast<double>(scales[p.kvHeads + kv]);
  for (int d = 0; d < p.headDim; ++d)
    p.part_out[row * p.headDim + d] = static_cast<float>(out[static_cast<size_t>(d)] * value_scale);
  p.part_max[row] = static_cast<float>(largest), p.part_sum[row] = static_cast<float>(sum);
}

inline void DecodeJoin(const std::string& type, const DecodeParams& p) {
  for (long long row = 0; row < static_cast<long long>(p.sequences) * p.heads; ++row) {
    const float* const most = p.part_max + row * p.parts;
    float largest = -INFINITY;
    for (int part = 0; part < p.parts; ++part) largest = most[part] > largest ? most[part] : largest;
    std::vector<double> out(static_cast<size_t>(p.headDim), 0.0);
    double sum = 0;
    for (int part = 0; part < p.parts; ++part) {
      if (!(p.part_sum[row * p.parts + part] > 0)) continue;
      const double weight = std::exp2(most[part] - largest);
      sum += weight * p.part_sum[row * p.parts + part];
      for (int d = 0; d < p.headDim; ++d)
        out[static_cast<size_t>(d)] += weight * p.part_out[(row * p.parts + part) * p.headDim + d];
    }
    for (int d = 0; d < p.headDim; ++d)
      Narrow(type, p.out, row * p.headDim + d, out[static_cast<size_t>(d)] / sum);
  }
}

inline bool Run(const std::string& name, const DecodeParams& p) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has("_decode_join_")) return DecodeJoin(has("fp16") ? "fp16" : "bf16", p), true;
  if (!has("_decode_")) return false;
  const std::string type = has("_decode_fp16_") ? "fp16" : "bf16";
  const std::string cache = has("_fp8_") ? "fp8" : type;
  for (int s = 0; s < p.sequences; ++s)
    for (int head = 0; head < p.heads; ++head)
      for (int part = 0; part < p.parts; ++part) DecodePart(type, cache, p, s, head, part);
  return true;
}

// False for a name that this file does not know.
inline bool Run(const std::string& name, const AttentionParams& p) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  const std::string type = has("fp32") ? "fp32" : has("fp16") ? "fp16" : "bf16";
  const auto ends = [&](const char* part) {
    const std::string text = part;
    return name.size() >= text.size() && name.compare(name.size() - text.size(), text.size(), text) == 0;
  };
  const std::string last = ends("fp32") ? "fp32" : ends("fp16") ? "fp16" : "bf16";
  const auto first_after = [&](const char* prefix) { return name.substr(std::string(prefix).size(), 4); };
  if (has("bytesper_flash_")) return Flash(type, has("_causal"), p), true;
  if (has("bytesper_scores_")) return Scores(first_after("bytesper_scores_"), last, p), true;
  if (has("bytesper_values_")) return Values(first_after("bytesper_values_"), last, p), true;
  if (has("bytesper_softmax_to_f32_")) return SoftmaxRows(last, "fp32", p.out, p), true;
  if (has("bytesper_softmax_")) return SoftmaxRows(last, last, p.scores, p), true;
  return false;
}

inline bool Run(const std::string& name, const ElementParams& p) {
  const std::string type = name.substr(name.size() - 4);
  for (long long i = 0; i < p.count; ++i) {
    if (name.find("_fill_normal_") != std::string::npos)
      Narrow(type, p.out, i, bytesper::attention::RoughlyNormal(p.seed, static_cast<unsigned long long>(i)));
    else if (name.find("_widen_") != std::string::npos)
      Narrow("fp32", p.out, i, Widen(type, p.in, i));
    else if (name.find("_cast_") != std::string::npos)
      Narrow(type, p.out, i, Widen("fp32", p.in, i));
    else
      return false;
  }
  return true;
}

}  // namespace plain
