// Runs the kernels of decode.cuh on the emulated machine and compares with double precision: every type of
// cache, head dimension and layout, sequences of different lengths, parts with and without tokens. What no
// token fills is NaN.
//
// npm run kernels -- --check compiles and runs it.

#include "decode.cuh"
#include "elements.cuh"
#include "problem.h"

namespace {

using attention::DecodeParams;
using attention::Fp8;

struct Setting {
  int sequences, heads, kv_heads, head_dim;
  int most_tokens;
  int page_tokens;  // 0: dense
  int slab_shift;
  int parts;
  bool with_lse;
  double magnitude;
  uint64_t seed;
  Order order;
  Landing landing;
};

std::string Describe(const Setting& with) {
  char text[160];
  std::snprintf(text, sizeof text,
                "sequences %d heads %d/%d headDim %d tokens to %d page %d slab 2^%d parts %d seed %llu",
                with.sequences, with.heads, with.kv_heads, with.head_dim, with.most_tokens, with.page_tokens,
                with.slab_shift, with.parts, static_cast<unsigned long long>(with.seed));
  return text;
}

// A cache of two layers, of which the second is asked for.
constexpr int kLayers = 2;
constexpr int kLayer = 1;

template <class Cache>
struct FilledCache {
  using Element = typename Cache::Element;

  explicit FilledCache(const Setting& with) : setting(with) {
    const int row = with.head_dim;
    for (int s = 0; s < with.sequences; ++s) {
      const int length = s == 0 ? with.most_tokens : 1 + static_cast<int>(Mixed(s) % with.most_tokens);
      lengths.push_back(length);
    }
    page_tokens = with.page_tokens > 0 ? with.page_tokens : with.most_tokens + 3;
    table_width = (with.most_tokens + page_tokens - 1) / page_tokens;
    const int pages_in_slab = 1 << with.slab_shift;
    page_elements = with.kv_heads * page_tokens * row;
    int pages = with.sequences;
    table.assign(static_cast<size_t>(with.sequences) * table_width, -1);
    if (with.page_tokens > 0) {
      pages = 3;  // that are nobody's
      for (const int length : lengths) pages += (length + page_tokens - 1) / page_tokens;
      Deal(pages);
    }
    const int slab_count = (pages + pages_in_slab - 1) / pages_in_slab;
    slab_elements = static_cast<size_t>(kLayers) * 2 * pages_in_slab * page_elements;
    for (int i = 0; i < slab_count; ++i) {
      slabs.push_back(std::make_unique<GuardedBuffer>(slab_elements * sizeof(Element)));
      pointers.push_back(slabs.back()->template As<void>());
    }
    for (int s = 0; s < with.sequences; ++s) {
      scales.push_back(std::make_unique<Tensor<Fp32>>(static_cast<size_t>(kLayers) * 2 * with.kv_heads));
      for (int i = 0; i < kLayers * 2 * with.kv_heads; ++i) {
        scales.back()->Data()[i] = 0.5f + 0.25f * static_cast<float>((i + s) % 5);
      }
      scale_pointers.push_back(scales.back()->Data());
      for (int kv = 0; kv < with.kv_heads; ++kv) {
        for (int token = 0; token < lengths[s]; ++token) {
          for (int d = 0; d < row; ++d) {
            for (const bool value : {false, true}) {
              const uint64_t index =
                  ((static_cast<uint64_t>(s) * with.kv_heads + kv) * 4096 + token) * row + d;
              const float number =
                  static_cast<float>((value ? 1.0 : with.magnitude) *
                                     (attention::RoughlyNormal(with.seed * 2 + value, index) + 0.25));
              *At(s, kv, token, d, value) = Cache::Narrow(number);
            }
          }
        }
      }
    }
    for (auto& slab : slabs) slab->ForbidWrites();
  }

  uint64_t Mixed(uint64_t i) const { return attention::Mix(setting.seed * 977 + i); }

  // Deals the pages out in an order of its own, so that neighbours in a sequence are none in memory.
  void Deal(int pages) {
    std::vector<int32_t> order;
    for (int page = 0; page < pages; ++page) order.push_back(page);
    for (int i = pages - 1; i > 0; --i) std::swap(order[i], order[Mixed(100 + i) % (i + 1)]);
    size_t next = 0;
    for (int s = 0; s < setting.sequences; ++s) {
      for (int i = 0; i * page_tokens < lengths[s]; ++i) table[s * table_width + i] = order[next++];
    }
  }

  long long Offset(bool value) const {
    return static_cast<long long>(kLayer * 2 + value) * (1 << setting.slab_shift) * page_elements *
           static_cast<long long>(sizeof(Element));
  }

  Element* At(int s, int kv, int token, int d, bool value) const {
    const int page = setting.page_tokens > 0 ? table[s * table_width + token / page_tokens] : s;
    Element* const slab = slabs[page >> setting.slab_shift]->template As<Element>();
    return slab + Offset(value) / static_cast<long long>(sizeof(Element)) +
           static_cast<size_t>(page % (1 << setting.slab_shift)) * page_elements +
           (static_cast<size_t>(kv) * page_tokens + token % page_tokens) * setting.head_dim + d;
  }

  bool ZonesUntouched() const {
    for (const auto& slab : slabs) {
      if (!slab->ZonesUntouched()) return false;
    }
    return true;
  }

  Setting setting;
  std::vector<int32_t> lengths, table;
  int page_tokens, table_width, page_elements;
  size_t slab_elements;
  std::vector<std::unique_ptr<GuardedBuffer>> slabs;
  std::vector<const void*> pointers;
  std::vector<std::unique_ptr<Tensor<Fp32>>> scales;
  std::vector<const float*> scale_pointers;
};

template <class T, class Cache, int kDim, bool kAsync>
void CheckDecode(const Setting& with, const FilledCache<Cache>& cache, const char* name) {
  const size_t rows = static_cast<size_t>(with.sequences) * with.heads;
  Tensor<T> q(rows * kDim);
  Tensor<T> out(rows * kDim);
  Tensor<Fp32> lse(rows);
  Tensor<Fp32> part_out(rows * with.parts * kDim);
  Tensor<Fp32> part_max(rows * with.parts);
  Tensor<Fp32> part_sum(rows * with.parts);
  q.FillNormal(with.seed * 3 + 5, with.magnitude);
  // As an earlier launch may have left them.
  std::fill(part_sum.Data(), part_sum.Data() + rows * with.parts, 1.0f);

  constexpr int kRowBytes = kDim * static_cast<int>(sizeof(typename Cache::Element));
  const int tile = attention::DecodeTileKeys(kRowBytes);
  const bool with_scales = sizeof(typename Cache::Element) == 1 && with.seed % 4 != 3;
  DecodeParams params = {};
  params.q = q.Data();
  params.out = out.Data();
  params.lse = with.with_lse ? lse.Data() : nullptr;
  params.part_out = part_out.Data();
  params.part_max = part_max.Data();
  params.part_sum = part_sum.Data();
  params.slabs = cache.pointers.data();
  const GuardedBuffer lengths(cache.lengths.size() * 4);
  std::copy(cache.lengths.begin(), cache.lengths.end(), lengths.As<int32_t>());
  params.lengths = lengths.As<int32_t>();
  params.table = with.page_tokens > 0 ? cache.table.data() : nullptr;
  params.scales = with_scales ? cache.scale_pointers.data() : nullptr;
  params.scale_offset = kLayer * 2 * with.kv_heads;
  params.key_offset = cache.Offset(false);
  params.value_offset = cache.Offset(true);
  params.page_bytes = static_cast<long long>(cache.page_elements) * sizeof(typename Cache::Element);
  params.table_width = cache.table_width;
  params.slab_shift = with.page_tokens > 0 ? with.slab_shift : 0;
  params.page_shift = with.page_tokens > 0 ? __builtin_ctz(with.page_tokens) : 31;
  params.page_tokens = cache.page_tokens;
  params.sequences = with.sequences;
  params.heads = with.heads;
  params.kvHeads = with.kv_heads;
  params.headDim = kDim;
  params.parts = with.parts;
  params.part_tokens = (with.most_tokens + with.parts - 1) / with.parts;
  params.part_tokens = (params.part_tokens + tile - 1) / tile * tile;
  params.scale = static_cast<float>(1.0 / std::sqrt(kDim));

  const auto launch = [&](long long blocks, int shared, void (*kernel)(const DecodeParams&)) {
    attention::Grid grid = attention::GridFor(blocks);
    if (with.seed % 2 == 1) grid = {grid.x / 2 + 1, 2, 1};
    Run({{grid.x, grid.y, grid.z}, attention::kDecodeThreads, shared, with.order, with.landing, with.seed},
        [&] { kernel(params); });
  };
  launch(attention::DecodeBlocks(with.sequences, with.heads, with.kv_heads, with.parts),
         attention::DecodeSharedBytes(kDim, kRowBytes), attention::Decode<T, Cache, kDim, kAsync>);
  launch(attention::DecodeJoinBlocks(with.sequences, with.heads), 0, attention::DecodeJoin<T>);

  const Values queries = q.Read();
  Values wanted(rows * kDim, 0.0);
  Values wanted_lse(rows);
  for (size_t row = 0; row < rows; ++row) {
    const int s = static_cast<int>(row) / with.heads;
    const int kv = static_cast<int>(row) % with.heads / (with.heads / with.kv_heads);
    const float* const scales = cache.scale_pointers[s] + params.scale_offset;
    const double key_scale = with_scales ? static_cast<double>(scales[kv]) : 1.0;
    const double value_scale = with_scales ? static_cast<double>(scales[with.kv_heads + kv]) : 1.0;
    Values scores(cache.lengths[s]);
    for (int token = 0; token < cache.lengths[s]; ++token) {
      double sum = 0;
      for (int d = 0; d < kDim; ++d) {
        sum += queries[row * kDim + d] * static_cast<double>(Cache::Widen(*cache.At(s, kv, token, d, false)));
      }
      scores[token] = sum * static_cast<double>(params.scale) * key_scale;
    }
    const double largest = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& score : scores) sum += score = std::exp(score - largest);
    for (int token = 0; token < cache.lengths[s]; ++token) {
      for (int d = 0; d < kDim; ++d) {
        wanted[row * kDim + d] += scores[token] / sum * value_scale *
                                  static_cast<double>(Cache::Widen(*cache.At(s, kv, token, d, true)));
      }
    }
    wanted_lse[row] = largest + std::log(sum);
  }
  // Scores and weights stay in fp32, so that only the output is rounded.
  Record(name, RelativeError(out.Read(), wanted), std::is_same_v<T, Fp16> ? 5e-4 : 4e-3);
  if (with.with_lse) Record(std::string("  its lse: ") + name, RelativeError(lse.Read(), wanted_lse), 1e-5);
  const bool clean = q.ZonesUntouched() && out.ZonesUntouched() && lse.ZonesUntouched() &&
                     part_out.ZonesUntouched() && part_max.ZonesUntouched() && part_sum.ZonesUntouched() &&
                     cache.ZonesUntouched();
  if (!clean) Record(std::string(name) + " (guard zones)", 1, 0);
}

#ifdef BYTESPER_FEWER
template <int kDim>
void CheckDim(const Setting& with) {
  CheckDecode<Fp16, Fp16, kDim, true>(with, FilledCache<Fp16>(with), "bytesper_decode_fp16_fp16");
  CheckDecode<Bf16, Fp8, kDim, true>(with, FilledCache<Fp8>(with), "bytesper_decode_bf16_fp8");
}
#else
template <int kDim>
void CheckDim(const Setting& with) {
  const FilledCache<Fp16> half(with);
  const FilledCache<Bf16> bfloat(with);
  const FilledCache<Fp8> eighth(with);
  CheckDecode<Fp16, Fp16, kDim, true>(with, half, "bytesper_decode_fp16_fp16");
  CheckDecode<Bf16, Bf16, kDim, true>(with, bfloat, "bytesper_decode_bf16_bf16");
  CheckDecode<Fp16, Fp8, kDim, true>(with, eighth, "bytesper_decode_fp16_fp8");
  CheckDecode<Bf16, Fp8, kDim, true>(with, eighth, "bytesper_decode_bf16_fp8");
  CheckDecode<Fp16, Fp16, kDim, false>(with, half, "bytesper_decode_fp16_fp16 (sm_75)");
  CheckDecode<Fp16, Fp8, kDim, false>(with, eighth, "bytesper_decode_fp16_fp8 (sm_75)");
}
#endif

void CheckSetting(const Setting& with) {
  current_case = Describe(with);
  if (with.head_dim == 64) return CheckDim<64>(with);
  if (with.head_dim == 256) return CheckDim<256>(with);
#ifndef BYTESPER_FEWER
  CheckDim<128>(with);
#endif
}

// Every one of the 256 numbers, and the way back; halfway between two of them, the even one.
void CheckE4m3() {
  double wrong = 0;
  for (int bits = 0; bits < 256; ++bits) {
    const float value = attention::E4m3ToFloat(static_cast<uint8_t>(bits));
    const int exponent = bits >> 3 & 15;
    const int mantissa = bits & 7;
    double wanted = exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    if (bits >= 128) wanted = -wanted;
    if (bits % 128 == 127) {
      if (!std::isnan(value)) ++wrong;
      continue;
    }
    if (static_cast<double>(value) != wanted || attention::FloatToE4m3(value) != bits) ++wrong;
    if (bits % 128 >= 126) continue;
    const float next = attention::E4m3ToFloat(static_cast<uint8_t>(bits + 1));
    if (attention::FloatToE4m3((value + next) / 2) != (bits % 2 == 0 ? bits : bits + 1)) ++wrong;
  }
  const float beyond[] = {449.0f, 465.0f, 511.0f, 1e30f, INFINITY};
  for (const float value : beyond) {
    if (attention::FloatToE4m3(value) != 0x7e || attention::FloatToE4m3(-value) != 0xfe) ++wrong;
  }
  if (!std::isnan(attention::E4m3ToFloat(attention::FloatToE4m3(NAN)))) ++wrong;
  Record("e4m3", wrong, 1);
}

void CheckStream() {
  constexpr size_t kChunks = 1003;
  Tensor<Fp32> in(kChunks * 4);
  in.FillNormal(3, 1.0);
  constexpr int kBlocks = 3;
  Tensor<Fp32> out(kBlocks * attention::kStreamThreads);
  const attention::StreamParams params = {in.Data(), reinterpret_cast<unsigned*>(out.Data()), kChunks};
  Run({{kBlocks, 1, 1}, attention::kStreamThreads, 0, Order::kShuffled, Landing::kLate, 1},
      [&] { attention::StreamRead(params); });
  uint32_t wanted = 0;
  uint32_t mixed = 0;
  for (size_t i = 0; i < kChunks * 4; ++i) wanted ^= BitsOf(in.Data()[i]);
  for (size_t i = 0; i < kBlocks * attention::kStreamThreads; ++i) mixed ^= BitsOf(out.Data()[i]);
  Record("bytesper_stream_read", wanted == mixed && out.ZonesUntouched() ? 0 : 1, 1);
}

void CheckTheRest() {
  current_case = "no case";
  CheckE4m3();
  CheckStream();
}

std::vector<Setting> AllSettings() {
  struct Heads {
    int sequences, heads, kv_heads;
  };
  // One head a key head; groups that fill a block, that do not, and that take two blocks.
  constexpr Heads kHeads[] = {{2, 2, 2}, {3, 4, 2}, {1, 8, 1}, {2, 12, 1}, {1, 6, 2}};
  std::vector<Setting> settings;
  uint64_t seed = 0;
  const auto add = [&](int head_dim, int tokens, int page, int slab_shift, int parts) {
    const Heads heads = kHeads[seed % 5];
    settings.push_back({heads.sequences, heads.heads, heads.kv_heads, head_dim, tokens, page,
                        page > 0 ? slab_shift : 0, parts, seed % 3 != 0, seed % 7 == 6 ? 4.0 : 1.0, seed,
                        static_cast<Order>(seed % 3), static_cast<Landing>(seed / 3 % 3)});
    ++seed;
  };
  for (const int head_dim : {64, 128, 256}) {
    for (const int tokens : {1, 2, 7, 16, 31, 33, 64, 65, 127, 128, 129, 200, 257}) {
      add(head_dim, tokens, 0, 0, 1 + static_cast<int>(seed % 4));
      const int page = 16 << seed % 5;
      add(head_dim, tokens, page, static_cast<int>(seed % 3), 1 + static_cast<int>(seed % 3));
    }
    // More parts than the short sequences have tokens for.
    add(head_dim, 300, 16, 2, 9);
    add(head_dim, 300, 0, 0, 9);
  }
  std::stable_sort(settings.begin(), settings.end(), [](const Setting& a, const Setting& b) {
    return a.head_dim * a.most_tokens > b.head_dim * b.most_tokens;
  });
  return settings;
}

}  // namespace

int main(int count, char** arguments) {
  return CheckAll(count, arguments, AllSettings(), CheckSetting, CheckTheRest);
}
