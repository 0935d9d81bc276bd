// Decode: one new token a sequence over dense and paged caches of 16 and 8 bits. Is it right, against double
// precision computed here, and how close does it come to the bandwidth of the memory?
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "attention/cuda_decode.h"
#include "attention/kernels/decode_launch.h"
#include "attention/kernels/fp8.h"
#include "harness.h"
#include "parallel.h"

namespace check {
namespace {

namespace at = bytesper::attention;

struct Case {
  int sequences, heads, kv_heads;
  int most_tokens;
  int page_tokens;  // 0: dense
  double magnitude = 1;
};

// One token; heads of their own; nine and twelve query heads a key/value head, which is more than a block
// serves; pages of the smallest and the largest size.
const Case kSmall[] = {{1, 2, 2, 1, 0},     {3, 4, 4, 257, 0},  {2, 18, 2, 701, 16},   {2, 12, 1, 33, 64},
                       {2, 8, 1, 517, 256}, {4, 6, 3, 129, 32}, {2, 4, 2, 300, 128, 4}};
// Longer than a processor's caches, and more sequences than it has processors.
const Case kLarge[] = {
    {1, 16, 2, 65536, 0}, {1, 8, 2, 65535, 16}, {4, 32, 8, 4099, 16}, {256, 8, 2, 500, 32}};

// Numbers that repeat after a prime count, so that no two rows of a cache are the same.
class Numbers {
 public:
  Numbers(const std::string& type, double magnitude, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal(0.15f, 1.0f);
    for (int i = 0; i < 65521; ++i) {
      const float x = static_cast<float>(magnitude) * normal(random);
      bits_.push_back(type == "fp8" ? at::FloatToE4m3(x) : type == "fp16" ? FloatToFp16(x) : FloatToBf16(x));
    }
  }
  uint16_t Bits(size_t i) const { return bits_[i % bits_.size()]; }

 private:
  std::vector<uint16_t> bits_;
};

// The number that each pattern of bits stands for.
const std::vector<double>& NumbersOf(const std::string& type) {
  static std::map<std::string, std::vector<double>> known;
  std::vector<double>& numbers = known[type];
  for (unsigned bits = 0; numbers.size() < 65536; ++bits)
    numbers.push_back(type == "fp8"    ? at::E4m3ToFloat(static_cast<uint8_t>(bits))
                      : type == "fp16" ? Fp16ToFloat(static_cast<uint16_t>(bits))
                                       : Bf16ToFloat(static_cast<uint16_t>(bits)));
  return numbers;
}

DecodeProblem ProblemOf(const at::DecodeKernel& kernel, int layers, int heads, int kv_heads) {
  DecodeProblem p;
  const std::string cache = kernel.cache;
  p.layers = layers, p.heads = heads, p.kv_heads = kv_heads, p.head_dim = kernel.headDim;
  p.dtype = std::string(kernel.dtype) == "fp16" ? DType::kFp16 : DType::kBf16;
  p.cache = cache == "fp8" ? CacheType::kFp8 : cache == "fp16" ? CacheType::kFp16 : CacheType::kBf16;
  p.scale = static_cast<float>(1.0 / std::sqrt(kernel.headDim));
  return p;
}

// Deals pages out in an order by chance, so that neighbours in a sequence are none in memory. Answers how
// many.
int64_t DealPages(DecodeProblem* p, int64_t spare, std::mt19937_64* random) {
  int64_t pages = spare;
  for (const int32_t length : p->lengths) pages += at::CeilDiv(length, p->page_tokens);
  p->table_width = at::CeilDiv(p->MostTokens(), p->page_tokens);
  p->table.assign(static_cast<size_t>(p->Sequences() * p->table_width), -1);
  std::vector<int32_t> order(static_cast<size_t>(pages));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
  std::shuffle(order.begin(), order.end(), *random);
  size_t next = 0;
  for (int64_t s = 0; s < p->Sequences(); ++s)
    for (int64_t i = 0; i * p->page_tokens < p->lengths[s]; ++i)
      p->table[s * p->table_width + i] = order[next++];
  return pages;
}

// A problem with its caches on the host. What no token fills is NaN in every type: a kernel that reads beyond
// a sequence answers NaN.
struct Filled {
  DecodeProblem p;
  std::vector<std::vector<char>> slabs;
  std::vector<std::vector<float>> scales;

  // Where the row of a token lies: its slab, and bytes from its start.
  char* Row(int64_t layer, int64_t s, int64_t kv, int64_t token, bool value) {
    const int64_t page = p.paged ? p.table[s * p.table_width + token / p.page_tokens] : s;
    const int64_t start = value ? p.ValueOffset(layer) : p.KeyOffset(layer);
    return slabs[page / p.pages_in_slab].data() + start + page % p.pages_in_slab * p.PageBytes() +
           (kv * p.page_tokens + token % p.page_tokens) * p.head_dim * BytesOf(p.cache);
  }
};

Filled Fill(const at::DecodeKernel& kernel, const Case& with, const std::string& type) {
  Filled f;
  DecodeProblem& p = f.p;
  p = ProblemOf(kernel, with.most_tokens > 2000 ? 1 : 2, with.heads, with.kv_heads);
  std::mt19937_64 random(with.most_tokens + with.page_tokens);
  for (int s = 0; s < with.sequences; ++s)
    p.lengths.push_back(s == 0 ? with.most_tokens : 1 + static_cast<int>(random() % with.most_tokens));
  p.paged = with.page_tokens > 0;
  p.page_tokens = p.paged ? with.page_tokens : with.most_tokens + 3;
  int64_t slabs = with.sequences;
  if (p.paged) {
    p.pages_in_slab = 4;
    slabs = at::CeilDiv(DealPages(&p, 3, &random), p.pages_in_slab);
  }
  f.slabs.assign(slabs, std::vector<char>(p.SlabBytes(), '\xff'));
  const Numbers keys(type, with.magnitude, 3), values(type, 1, 4);
  size_t at = 0;
  for (int64_t layer = 0; layer < p.layers; ++layer)
    for (int64_t s = 0; s < p.Sequences(); ++s)
      for (int64_t kv = 0; kv < p.kv_heads; ++kv)
        for (int64_t token = 0; token < p.lengths[s]; ++token)
          for (const bool value : {false, true}) {
            char* const row = f.Row(layer, s, kv, token, value);
            for (int64_t d = 0; d < p.head_dim; ++d) {
              const uint16_t bits = (value ? values : keys).Bits(at++);
              std::memcpy(row + d * BytesOf(p.cache), &bits, BytesOf(p.cache));
            }
          }
  for (int s = 0; type == "fp8" && s < with.sequences; ++s) {
    f.scales.emplace_back(p.layers * 2 * p.kv_heads);
    for (float& scale : f.scales.back()) scale = 0.5f + 0.25f * static_cast<float>(random() % 5);
  }
  return f;
}

// A row of the output in double precision: `row` counts layers, sequences and heads.
std::vector<double> Truth(Filled* f, const std::vector<double>& numbers, size_t row,
                          const std::vector<double>& query) {
  const DecodeProblem& p = f->p;
  const int64_t heads = p.heads, s = row / heads % p.Sequences(), layer = row / heads / p.Sequences();
  const int64_t kv = static_cast<int64_t>(row) % heads / (heads / p.kv_heads);
  const float* const scales = f->scales.empty() ? nullptr : f->scales[s].data() + layer * 2 * p.kv_heads;
  const double key_scale = scales == nullptr ? 1 : scales[kv];
  const double value_scale = scales == nullptr ? 1 : scales[p.kv_heads + kv];
  const auto number = [&](const char* from, int64_t d) {
    uint16_t bits = 0;
    std::memcpy(&bits, from + d * BytesOf(p.cache), BytesOf(p.cache));
    return numbers[bits];
  };
  std::vector<double> weights(p.lengths[s]), out(p.head_dim, 0.0);
  double largest = -HUGE_VAL, sum = 0;
  for (size_t token = 0; token < weights.size(); ++token) {
    const char* const key = f->Row(layer, s, kv, token, false);
    double x = 0;
    for (int64_t d = 0; d < p.head_dim; ++d) x += query[d] * number(key, d);
    weights[token] = x * static_cast<double>(p.scale) * key_scale;
    largest = std::max(largest, weights[token]);
  }
  for (double& weight : weights) sum += weight = std::exp(weight - largest);
  for (size_t token = 0; token < weights.size(); ++token) {
    const char* const value = f->Row(layer, s, kv, token, true);
    for (int64_t d = 0; d < p.head_dim; ++d) out[d] += weights[token] / sum * value_scale * number(value, d);
  }
  return out;
}

// The line of one result, without its figures.
Line LineOf(const char* step, const at::DecodeKernel& kernel, const DecodeProblem& p) {
  Line line(step);
  line.Text("kernel", kernel.name)
      .Text("cache", std::string(p.paged ? "paged " : "dense ") + kernel.cache)
      .Count("headDim", p.head_dim)
      .Count("heads", p.heads)
      .Count("kvHeads", p.kv_heads)
      .Count("sequences", p.Sequences())
      .Count("tokens", p.MostTokens());
  if (p.paged) line.Count("pageTokens", p.page_tokens);
  return line;
}

// Memory of the device with a copy of these bytes.
template <class Number>
std::unique_ptr<Buffer> Uploaded(const std::vector<Number>& numbers) {
  auto buffer = std::make_unique<Buffer>(numbers.size() * sizeof(Number));
  buffer->Put(numbers.data());
  return buffer;
}

void CheckCase(const at::DecodeKernel& kernel, const Case& with) {
  const std::string type = kernel.cache, dtype = kernel.dtype;
  const std::vector<double>&cache_numbers = NumbersOf(type), &out_numbers = NumbersOf(dtype);
  Filled f = Fill(kernel, with, type);
  const DecodeProblem& p = f.p;
  const std::string invalid = Validate(p, static_cast<int64_t>(f.slabs.size()));
  if (!invalid.empty()) return LineOf("decode", kernel, p).Text("reason", invalid).Say(false);
  std::vector<std::unique_ptr<Buffer>> held;
  DecodeMemory memory;
  for (const auto& slab : f.slabs) {
    held.push_back(Uploaded(slab));
    memory.slabs.push_back(reinterpret_cast<const void*>(held.back()->at));
  }
  for (const auto& scales : f.scales) {
    held.push_back(Uploaded(scales));
    memory.scales.push_back(reinterpret_cast<const float*>(held.back()->at));
  }
  const Numbers numbers(dtype, with.magnitude, 5);
  std::vector<uint16_t> queries(p.QueryElements());
  for (size_t i = 0; i < queries.size(); ++i) queries[i] = numbers.Bits(i);
  DecodeOptions options;
  options.instruction_set = "cuda", options.queries = queries.data();
  // The host's code fills the output with NaN before each launch.
  std::vector<uint16_t> out(queries.size()), again(queries.size());
  bool same = true;
  for (int run = 0; run < 3; ++run) {
    const auto report =
        RunCudaDecode(p, memory, options, fatbin, pool.get(), (run == 0 ? out : again).data());
    if (report.error.kind != PoolError::kNone)
      return LineOf("decode", kernel, p).Text("reason", report.error.reason).Say(false);
    if (report.code != kernel.name)
      return LineOf("decode", kernel, p).Text("reason", "another kernel ran: " + report.code).Say(false);
    same = same && (run == 0 || out == again);
  }
  bool cache_kept = true;
  for (size_t i = 0; i < f.slabs.size(); ++i) {
    std::vector<char> now(f.slabs[i].size());
    held[i]->Get(now.data());
    cache_kept = cache_kept && now == f.slabs[i];
  }
  size_t unwritten = 0;
  for (const uint16_t bits : out) unwritten += std::isnan(out_numbers[bits]);
  // All rows, or some by chance where a row is long.
  const size_t rows = p.layers * p.Sequences() * p.heads;
  const size_t most = std::max<size_t>(32, 200'000'000 / (static_cast<size_t>(p.MostTokens()) * p.head_dim));
  std::vector<size_t> sample;
  std::mt19937_64 random(7);
  for (size_t i = 0; i < std::min(rows, most); ++i) sample.push_back(rows <= most ? i : random() % rows);
  std::vector<Error> errors(sample.size());
  ParallelFor(AvailableCores(), static_cast<int64_t>(sample.size()), [&](int64_t index, int) {
    const size_t row = sample[index];
    std::vector<double> query(p.head_dim);
    for (int64_t d = 0; d < p.head_dim; ++d) query[d] = out_numbers[queries[row * p.head_dim + d]];
    const std::vector<double> truth = Truth(&f, cache_numbers, row, query);
    for (int64_t d = 0; d < p.head_dim; ++d)
      errors[index].Add(out_numbers[out[row * p.head_dim + d]], truth[d]);
  });
  Error all;
  for (const Error& error : errors) all.Add(error);
  const double error = all.Relative(), limit = LimitOf(dtype);
  LineOf("decode", kernel, p)
      .Number("magnitude", with.magnitude)
      .Number("error", error)
      .Number("limit", limit)
      .Count("notWritten", unwritten)
      .Flag("sameInEachRun", same)
      .Flag("cacheKept", cache_kept)
      .Say(error < limit && unwritten == 0 && same && cache_kept);
}

template <typename Visit>
void ForKernels(Visit visit) {
  for (const at::DecodeKernel& kernel : at::kDecodeKernels)
    if (kernel.minArch <= device->arch() && std::string(kernel.name).find(only) != std::string::npos)
      visit(kernel);
}

// ---- Speed ----

// Heads of models in use: Llama 3.2 1B, Llama 3.1 8B and Gemma 2 9B.
struct Heads {
  int head_dim, heads, kv_heads;
};
const Heads kModels[] = {{64, 32, 8}, {128, 32, 8}, {256, 16, 8}};
// Layers follow each other in the queue, each with a cache of its own, so that no cache of the processor
// helps and no time of the host is between two launches.
constexpr int kLayers = 4;
constexpr int kPagesInSlab = 64;
constexpr int64_t kMostTokens = 131072;
constexpr int64_t kFewestTokens = 1024;

int64_t ArenaBytes(int64_t tokens) { return kLayers * 2 * 8 * 256 * 2 * tokens; }

void TimeCase(const at::DecodeKernel& kernel, const Heads& model, bool paged, int64_t sequences,
              int64_t tokens, const Buffer& arena, double plain_gb, int runs) {
  DecodeProblem p = ProblemOf(kernel, kLayers, model.heads, model.kv_heads);
  p.lengths.assign(sequences, static_cast<int32_t>(tokens));
  p.paged = paged, p.page_tokens = paged ? 16 : tokens;
  int64_t slabs = sequences;
  std::mt19937_64 random(11);
  if (paged) {
    p.pages_in_slab = kPagesInSlab;
    slabs = at::CeilDiv(DealPages(&p, 0, &random), kPagesInSlab);
  }
  DecodeMemory memory;
  for (int64_t i = 0; i < slabs; ++i)
    memory.slabs.push_back(reinterpret_cast<const void*>(arena.at + i * p.SlabBytes()));
  std::string invalid = Validate(p, slabs);
  if (invalid.empty() && static_cast<uint64_t>(slabs * p.SlabBytes()) > arena.bytes)
    invalid = "the arena is too small";
  if (!invalid.empty()) return LineOf("decode speed", kernel, p).Text("reason", invalid).Say(false);
  DecodeOptions options;
  options.instruction_set = "cuda";
  std::vector<float> ms;
  int parts = 0;
  for (int run = -2; run < runs; ++run) {
    const auto report = RunCudaDecode(p, memory, options, fatbin, pool.get(), nullptr);
    if (report.error.kind != PoolError::kNone)
      return LineOf("decode speed", kernel, p).Text("reason", report.error.reason).Say(false);
    parts = report.parts;
    if (run >= 0) ms.push_back(static_cast<float>(report.duration_ms / kLayers));
  }
  const double read = static_cast<double>(p.ReadBytes()) / kLayers, gb = read / Median(ms) / 1e6;
  LineOf("decode speed", kernel, p)
      .Number("readBytes", read)
      .Count("parts", parts)
      .Number("medianMs", Median(ms))
      .Number("minMs", *std::min_element(ms.begin(), ms.end()))
      .Number("gbPerSecond", gb)
      .Number("plainReadGbPerSecond", plain_gb)
      .Number("shareOfPlainRead", gb / plain_gb)
      .Say();
}

}  // namespace

void CheckDecode(bool small) {
  ForKernels([&](const at::DecodeKernel& kernel) {
    for (const Case& with : kSmall) CheckCase(kernel, with);
    if (small) return;
    for (const Case& with : kLarge) CheckCase(kernel, with);
  });
}

// One layer's attention over caches of different layouts, beside a plain read of the same memory.
void TimeDecode(int runs) {
  // The largest arena that fits twice: queries and workspace need room too.
  int64_t tokens = kMostTokens;
  PoolError error;
  for (; tokens > kFewestTokens; tokens /= 2) {
    void* const probe = pool->Allocate(static_cast<uint64_t>(2 * ArenaBytes(tokens)), &error);
    if (probe == nullptr) continue;
    pool->Free(probe);
    break;
  }
  const Buffer arena(static_cast<size_t>(ArenaBytes(tokens)));
  for (const char* type : {"bf16", "fp8"}) {
    const int64_t count = static_cast<int64_t>(arena.bytes) / (std::string(type) == "fp8" ? 1 : 2);
    if (!FillCudaBlock(type, 1, count, fatbin, pool.get(), reinterpret_cast<void*>(arena.at), &error))
      Die("filling: " + error.reason);
    std::vector<float> reads;
    for (int run = -1; run < 5; ++run) {
      double ms = 0;
      if (!ReadCudaBlock(reinterpret_cast<void*>(arena.at), static_cast<int64_t>(arena.bytes), fatbin,
                         pool.get(), &ms, &error))
        Die("a plain read: " + error.reason);
      if (run >= 0) reads.push_back(static_cast<float>(ms));
    }
    const double plain_gb = static_cast<double>(arena.bytes) / Median(reads) / 1e6;
    Line("plain read")
        .Count("bytes", arena.bytes)
        .Number("medianMs", Median(reads))
        .Number("gbPerSecond", plain_gb)
        .Say();
    for (const Heads& model : kModels)
      for (const at::DecodeKernel& kernel : at::kDecodeKernels) {
        if (kernel.headDim != model.head_dim || std::string(kernel.cache) != type ||
            std::string(kernel.dtype) != "bf16" || kernel.minArch > device->arch())
          continue;
        for (const bool paged : {false, true})
          for (const int64_t sequences : {1, 16, 256})
            if (tokens / sequences >= 64)
              TimeCase(kernel, model, paged, sequences, tokens / sequences, arena, plain_gb, runs);
      }
  }
}

}  // namespace check
