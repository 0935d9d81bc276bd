#include <chrono>
#include <cmath>
#include <cstring>

#include "../glibc_versions.h"
#include "../parallel.h"
#include "block.h"
#include "cpu_kernels.h"
#include "decode.h"
#include "half.h"
#include "kernels/fp8.h"
#include "normal.h"

BYTESPER_OLD_VERSION(exp);

namespace bytesper {
namespace {

// No part is shorter, for each costs a join.
constexpr int64_t kLeastPart = 256;
constexpr int64_t kMostParts = 128;
constexpr float kLog2E = 1.44269504088896340736f;

double CacheNumber(const void* data, CacheType type, int64_t index) {
  if (type == CacheType::kFp8) {
    return static_cast<double>(attention::E4m3ToFloat(static_cast<const uint8_t*>(data)[index]));
  }
  const uint16_t bits = static_cast<const uint16_t*>(data)[index];
  return static_cast<double>(type == CacheType::kFp16 ? Fp16ToFloat(bits) : Bf16ToFloat(bits));
}

double QueryNumber(const void* data, DType type, int64_t index) {
  const uint16_t bits = static_cast<const uint16_t*>(data)[index];
  return static_cast<double>(type == DType::kFp16 ? Fp16ToFloat(bits) : Bf16ToFloat(bits));
}

uint16_t Narrow(float value, DType type) {
  return type == DType::kFp16 ? FloatToFp16(value) : FloatToBf16(value);
}

// Scales of one layer, of keys and then of values; null where there are none.
const float* ScalesOf(const DecodeProblem& p, const DecodeMemory& memory, int64_t layer, int64_t sequence) {
  if (memory.scales.empty()) return nullptr;
  return memory.scales[static_cast<size_t>(sequence)] + layer * 2 * p.kv_heads;
}

class HostDecode {
 public:
  HostDecode(const DecodeProblem& problem, const DecodeMemory& memory, const DecodeOptions& options,
             const CpuKernels& kernels, MemoryPool* pool, PoolError* error)
      : p_(problem),
        memory_(memory),
        options_(options),
        kernels_(kernels),
        pool_(pool),
        error_(error),
        group_(p_.heads / p_.kv_heads),
        rows_(p_.layers * p_.Sequences() * p_.heads) {
    const int64_t units = p_.layers * p_.Sequences() * p_.kv_heads;
    const int64_t wanted = (4 * options.threads + units - 1) / units;
    const int64_t sensible = (p_.MostTokens() + kLeastPart - 1) / kLeastPart;
    parts_ = wanted < sensible ? wanted : sensible;
    if (parts_ > kMostParts) parts_ = kMostParts;
    if (parts_ < 1) parts_ = 1;
    part_tokens_ = (p_.MostTokens() + parts_ - 1) / parts_;
  }

  bool Take() {
    const int64_t bytes = p_.QueryElements() * 2;
    if (!queries_.Take(pool_, bytes, error_) || !out_.Take(pool_, bytes, error_)) return false;
    if (options_.queries == nullptr) {
      FillNormal(p_.dtype, options_.seed, 0, p_.QueryElements(), options_.threads, queries_.data());
    } else {
      memcpy(queries_.data(), options_.queries, static_cast<size_t>(bytes));
    }
    if (options_.reference) return exact_.Take(pool_, p_.QueryElements() * 8, error_);
    scratch_stride_ = static_cast<int64_t>(kernels_.decode_floats(group_, p_.head_dim));
    return parts_memory_.Take(pool_, rows_ * parts_ * (p_.head_dim + 2) * 4, error_) &&
           scratch_.Take(pool_, scratch_stride_ * 4 * options_.threads, error_);
  }

  void Run() {
    const auto start = std::chrono::steady_clock::now();
    if (options_.reference) {
      double* const exact = static_cast<double*>(exact_.data());
      ReferenceDecode(p_, memory_, queries_.data(), options_.threads, exact);
      for (int64_t i = 0; i < p_.QueryElements(); ++i) {
        static_cast<uint16_t*>(out_.data())[i] = Narrow(static_cast<float>(exact[i]), p_.dtype);
      }
    } else {
      Parts();
      Join();
    }
    duration_ms_ =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

  void CopyOut(void* to) const { memcpy(to, out_.data(), static_cast<size_t>(p_.QueryElements() * 2)); }

  double duration_ms() const { return duration_ms_; }
  int parts() const { return static_cast<int>(parts_); }

 private:
  // [rows, parts, head_dim], then [rows, parts] maxima and as many sums. Rows are [layers, sequences, heads];
  // the heads of a group lie in [parts, group] order inside, so that a part writes side by side.
  float* PartOut() const { return static_cast<float*>(parts_memory_.data()); }
  float* PartLargest() const { return PartOut() + rows_ * parts_ * p_.head_dim; }
  float* PartSum() const { return PartLargest() + rows_ * parts_; }
  // Of head 0 of a group.
  int64_t PartRow(int64_t first_row, int64_t part) const { return first_row * parts_ + part * group_; }

  // One task is a part of a sequence, for one key/value head of one layer.
  void Parts() {
    const int64_t sequences = p_.Sequences();
    ParallelFor(options_.threads, p_.layers * sequences * p_.kv_heads * parts_,
                [&](int64_t task, int worker) {
                  const int64_t index = task % parts_;
                  const int64_t kv_head = task / parts_ % p_.kv_heads;
                  const int64_t sequence = task / parts_ / p_.kv_heads % sequences;
                  const int64_t layer = task / parts_ / p_.kv_heads / sequences;
                  const int64_t first_row = (layer * sequences + sequence) * p_.heads + kv_head * group_;
                  const int64_t row = PartRow(first_row, index);
                  const int64_t length = p_.lengths[static_cast<size_t>(sequence)];
                  DecodePart part;
                  part.begin = index * part_tokens_;
                  part.end = part.begin + part_tokens_ < length ? part.begin + part_tokens_ : length;
                  part.largest = PartLargest() + row;
                  part.sum = PartSum() + row;
                  if (part.begin >= part.end) {
                    for (int64_t h = 0; h < group_; ++h) part.sum[h] = 0;
                    return;
                  }
                  part.sequence = sequence;
                  part.kv_head = kv_head;
                  part.group = group_;
                  part.table = p_.paged ? p_.table.data() + sequence * p_.table_width : nullptr;
                  part.queries = static_cast<const uint16_t*>(queries_.data()) + first_row * p_.head_dim;
                  const float* const scales = ScalesOf(p_, memory_, layer, sequence);
                  part.factor = p_.scale * kLog2E * (scales == nullptr ? 1.0f : scales[kv_head]);
                  part.value_scale = scales == nullptr ? 1.0f : scales[p_.kv_heads + kv_head];
                  part.out = PartOut() + row * p_.head_dim;
                  DecodeLayer of;
                  of.slabs = memory_.slabs.data();
                  of.key_offset = p_.KeyOffset(layer);
                  of.value_offset = p_.ValueOffset(layer);
                  of.page_bytes = p_.PageBytes();
                  of.page_tokens = p_.page_tokens;
                  of.pages_in_slab = p_.pages_in_slab;
                  of.head_dim = p_.head_dim;
                  of.dtype = p_.dtype;
                  of.cache = p_.cache;
                  kernels_.decode(of, part, static_cast<float*>(scratch_.data()) + worker * scratch_stride_);
                });
  }

  void Join() {
    ParallelFor(options_.threads, rows_ / group_, [&](int64_t task, int) {
      for (int64_t h = 0; h < group_; ++h) {
        const int64_t first = PartRow(task * group_, 0) + h;
        float largest = -HUGE_VALF;
        for (int64_t i = 0; i < parts_; ++i) {
          if (PartSum()[first + i * group_] > 0 && PartLargest()[first + i * group_] > largest) {
            largest = PartLargest()[first + i * group_];
          }
        }
        double weights[kMostParts];
        double sum = 0;
        bool not_a_number = false;
        for (int64_t i = 0; i < parts_; ++i) {
          const float part_sum = PartSum()[first + i * group_];
          not_a_number = not_a_number || std::isnan(part_sum);
          weights[i] = part_sum > 0
                           ? std::exp(static_cast<double>(PartLargest()[first + i * group_] - largest) *
                                      0.69314718055994531)
                           : 0;
          sum += weights[i] * static_cast<double>(part_sum > 0 ? part_sum : 0.0f);
        }
        uint16_t* const out = static_cast<uint16_t*>(out_.data()) + (task * group_ + h) * p_.head_dim;
        for (int64_t d = 0; d < p_.head_dim; ++d) {
          double total = 0;
          for (int64_t i = 0; i < parts_; ++i) {
            if (weights[i] > 0) {
              total += weights[i] * static_cast<double>(PartOut()[(first + i * group_) * p_.head_dim + d]);
            }
          }
          out[d] = Narrow(not_a_number ? NAN : static_cast<float>(total / sum), p_.dtype);
        }
      }
    });
  }

  const DecodeProblem& p_;
  const DecodeMemory& memory_;
  const DecodeOptions& options_;
  const CpuKernels& kernels_;
  MemoryPool* const pool_;
  PoolError* const error_;
  const int64_t group_;
  const int64_t rows_;
  int64_t parts_ = 1;
  int64_t part_tokens_ = 0;
  int64_t scratch_stride_ = 0;
  Block queries_, out_, parts_memory_, scratch_, exact_;
  double duration_ms_ = 0;
};

}  // namespace

DecodeReport RunHostDecode(const DecodeProblem& problem, const DecodeMemory& memory,
                           const DecodeOptions& options, MemoryPool* pool, void* out) {
  DecodeReport report;
  const CpuKernels* kernels = ChooseCpuKernels(options.instruction_set);
  if (kernels == nullptr) {
    report.error = {PoolError::kDevice, "this processor lacks the instruction set", 0, 0, 0};
    return report;
  }
  report.code = options.reference ? "float64" : kernels->instruction_set;
  std::string unused;
  pool->ResetHighWater(&unused);
  HostDecode decode(problem, memory, options, *kernels, pool, &report.error);
  if (!decode.Take()) return report;
  decode.Run();
  report.duration_ms = decode.duration_ms();
  report.parts = decode.parts();
  if (out != nullptr) decode.CopyOut(out);
  pool->Stats(&report.at_most, &unused);
  return report;
}

void ReferenceDecode(const DecodeProblem& p, const DecodeMemory& memory, const void* queries, int threads,
                     double* out) {
  const int64_t sequences = p.Sequences();
  const int64_t group = p.heads / p.kv_heads;
  ParallelFor(threads, p.layers * sequences * p.heads, [&](int64_t row, int) {
    const int64_t layer = row / p.heads / sequences;
    const int64_t sequence = row / p.heads % sequences;
    const int64_t kv_head = row % p.heads / group;
    const int64_t length = p.lengths[static_cast<size_t>(sequence)];
    const float* const scales = ScalesOf(p, memory, layer, sequence);
    const double key_scale = scales == nullptr ? 1.0 : static_cast<double>(scales[kv_head]);
    const double value_scale = scales == nullptr ? 1.0 : static_cast<double>(scales[p.kv_heads + kv_head]);
    // Where number 0 of a token's key, or value, lies.
    const auto row_of = [&](int64_t token, bool value) {
      const int64_t page =
          p.paged ? p.table[static_cast<size_t>(sequence * p.table_width + token / p.page_tokens)] : sequence;
      return static_cast<const char*>(memory.slabs[static_cast<size_t>(page / p.pages_in_slab)]) +
             (value ? p.ValueOffset(layer) : p.KeyOffset(layer)) + page % p.pages_in_slab * p.PageBytes() +
             (kv_head * p.page_tokens + token % p.page_tokens) * p.head_dim * BytesOf(p.cache);
    };
    std::vector<double> weights(static_cast<size_t>(length));
    double largest = -HUGE_VAL;
    for (int64_t token = 0; token < length; ++token) {
      const char* const key = row_of(token, false);
      double score = 0;
      for (int64_t d = 0; d < p.head_dim; ++d) {
        score += QueryNumber(queries, p.dtype, row * p.head_dim + d) * CacheNumber(key, p.cache, d);
      }
      score *= static_cast<double>(p.scale) * key_scale;
      weights[static_cast<size_t>(token)] = score;
      if (score > largest) largest = score;
    }
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - largest);
    double* const totals = out + row * p.head_dim;
    for (int64_t d = 0; d < p.head_dim; ++d) totals[d] = 0;
    for (int64_t token = 0; token < length; ++token) {
      const char* const value = row_of(token, true);
      for (int64_t d = 0; d < p.head_dim; ++d) {
        totals[d] += weights[static_cast<size_t>(token)] * CacheNumber(value, p.cache, d);
      }
    }
    for (int64_t d = 0; d < p.head_dim; ++d) totals[d] *= value_scale / sum;
  });
}

}  // namespace bytesper
