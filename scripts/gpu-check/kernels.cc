// Runs the CUDA kernels through the project's own host code, without Node: are they right, how fast are they,
// how do the pools behave.
//   kernels FATBIN small [part of a name] | all [the same] | speed [runs] | pool | host | fault | nvml
//                  decode [part of a name] | decode-all [the same] | decode-speed [runs]
// Prints a line of JSON for each result, and ends with 1 if any is wrong. The driver is opened by
// native/cuda/api.cc.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "attention/cuda_attention.h"
#include "attention/cuda_choice.h"
#include "attention/kernels/launch.h"
#include "attention/kernels/params.h"
#include "attention/kernels/tensor_maps.h"
#include "harness.h"
#include "nvml_library.h"
#include "parallel.h"

using namespace check;
namespace at = bytesper::attention;

struct Shape {
  int batch, heads, kv_heads;
  long long tokens;
  int dim;
  double magnitude;
};

struct Prepared {  // one launch
  cuda::Function function = nullptr;
  at::Grid grid = {};
  at::FlashTile tile = {};
  at::AttentionSm90Params sm90 = {};
  at::AttentionParams plain = {};
  bool hopper = false;
};

static Prepared Prepare(const at::FlashKernel& kernel, bool hopper, const Shape& s,
                        const at::AttentionParams& p) {
  Prepared out;
  std::string why;
  if (!device->Kernel(fatbin, kernel.name, kernel.tile.sharedBytes, &out.function, &why)) Die(why);
  out.tile = kernel.tile;
  out.hopper = hopper;
  out.plain = p;
  const long long blocks = at::FlashBlocks(kernel.tile, s.tokens, s.batch, s.heads);
  if (hopper) {
    out.sm90.attention = p;
    Must("cuTensorMapEncodeTiled", at::EncodeSm90Maps(Api().encode_tensor_map, kernel.tile,
                                                      std::string(kernel.dtype) == "bf16", &out.sm90));
    out.grid = {static_cast<unsigned>(std::min<long long>(blocks, device->processors())), 1, 1};
  } else {
    out.grid = at::GridFor(blocks);
  }
  return out;
}
static void Launch(Prepared& p) {
  void* arguments[] = {p.hopper ? static_cast<void*>(&p.sm90) : static_cast<void*>(&p.plain)};
  Must("launch",
       Api().launch(p.function, p.grid.x, p.grid.y, p.grid.z, static_cast<unsigned>(p.tile.threads), 1, 1,
                    static_cast<unsigned>(p.tile.sharedBytes), pool->stream(), arguments, nullptr));
}

static std::vector<char> Draw(const std::string& type, size_t count, double magnitude, uint64_t seed) {
  std::vector<char> out(count * (type == "fp32" ? 4 : 2));
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0.15f, 1.0f);
  for (size_t i = 0; i < count; ++i) {
    const float x = static_cast<float>(magnitude) * normal(random);
    if (type == "fp32") reinterpret_cast<float*>(out.data())[i] = x;
    if (type == "fp16") reinterpret_cast<uint16_t*>(out.data())[i] = FloatToFp16(x);
    if (type == "bf16") reinterpret_cast<uint16_t*>(out.data())[i] = FloatToBf16(x);
  }
  return out;
}

static void CheckOne(const at::FlashKernel& kernel, bool hopper, const Shape& s) {
  const std::string type = kernel.dtype;
  const size_t size = type == "fp32" ? 4 : 2;
  const size_t rows = static_cast<size_t>(s.batch) * s.heads * s.tokens, d = static_cast<size_t>(s.dim);
  const size_t key_rows = static_cast<size_t>(s.batch) * s.kv_heads * s.tokens;
  const uint64_t seed = std::hash<std::string>()(kernel.name) ^ (rows * 131 + d);
  const auto q = Draw(type, rows * d, s.magnitude, seed), k = Draw(type, key_rows * d, s.magnitude, seed + 1),
             v = Draw(type, key_rows * d, 1.0, seed + 2);
  constexpr size_t kGuard = 4096;
  Buffer qb(q.size()), kb(k.size()), vb(v.size()), ob(rows * d * size + kGuard), lb(rows * 4 + kGuard);
  qb.Put(q.data()), kb.Put(k.data()), vb.Put(v.data());
  at::AttentionParams p = {};
  p.q = reinterpret_cast<void*>(qb.at), p.k = reinterpret_cast<void*>(kb.at),
  p.v = reinterpret_cast<void*>(vb.at);
  p.out = reinterpret_cast<void*>(ob.at), p.lse = reinterpret_cast<float*>(lb.at);
  p.tokens = s.tokens, p.batch = s.batch, p.heads = s.heads, p.kvHeads = s.kv_heads, p.headDim = s.dim;
  p.scale = static_cast<float>(1.0 / std::sqrt(d)), p.causal = kernel.causal;
  Prepared launch = Prepare(kernel, hopper, s, p);
  std::vector<char> poison(ob.bytes, '\xff'), out(ob.bytes), again(ob.bytes), lse_bytes(lb.bytes);
  bool same = true;
  for (int run = 0; run < 3; ++run) {
    ob.Put(poison.data()), lb.Put(std::vector<char>(lb.bytes, '\xff').data());
    Launch(launch);
    Must(kernel.name, Api().stream_wait(pool->stream()));
    ob.Get((run == 0 ? out : again).data());
    if (run == 0) lb.Get(lse_bytes.data());
    same = same && (run == 0 || out == again);
  }
  bool inside = true;
  for (size_t i = 0; i < kGuard; ++i)
    inside = inside && out[rows * d * size + i] == '\xff' && lse_bytes[rows * 4 + i] == '\xff';
  size_t unwritten = 0;
  for (size_t i = 0; i < rows * d; ++i) unwritten += std::isnan(Widen(type, out.data(), i));
  // Rows against double precision: all of them, or the edges of tiles and some by chance.
  std::vector<size_t> sample;
  const size_t most =
      std::max<size_t>(64, std::min<size_t>(rows, 400'000'000 / (static_cast<size_t>(s.tokens) * d)));
  std::mt19937_64 random(7);
  for (size_t i = 0; i < rows && most >= rows; ++i) sample.push_back(i);
  for (size_t i = 0; most < rows && i < most; ++i) {
    const size_t head = random() % (static_cast<size_t>(s.batch) * s.heads);
    static const long long edges[] = {0, 63, 64, 127, 128, 191, 192, -1, -64, -65, -128, -129};
    const long long edge = edges[random() % 12];
    const long long row =
        i % 2 ? static_cast<long long>(random() % s.tokens) : (edge < 0 ? s.tokens + edge : edge);
    sample.push_back(head * s.tokens + std::clamp<long long>(row, 0, s.tokens - 1));
  }
  std::vector<Error> errors(sample.size());
  std::vector<double> lse_off(sample.size());
  ParallelFor(AvailableCores(), static_cast<int64_t>(sample.size()), [&](int64_t index, int) {
    const size_t row = sample[index], head = row / s.tokens, i = row % s.tokens;
    const size_t key_head = head / s.heads * s.kv_heads + head % s.heads / (s.heads / s.kv_heads);
    const size_t seen = kernel.causal ? i + 1 : s.tokens;
    std::vector<double> w(seen), o(d, 0.0);
    double largest = -HUGE_VAL, sum = 0;
    for (size_t j = 0; j < seen; ++j) {
      double x = 0;
      for (size_t c = 0; c < d; ++c)
        x += static_cast<double>(Widen(type, q.data(), row * d + c)) *
             Widen(type, k.data(), (key_head * s.tokens + j) * d + c);
      w[j] = x * p.scale;
      largest = std::max(largest, w[j]);
    }
    for (size_t j = 0; j < seen; ++j) sum += w[j] = std::exp(w[j] - largest);
    for (size_t j = 0; j < seen; ++j)
      for (size_t c = 0; c < d; ++c)
        o[c] += w[j] / sum * Widen(type, v.data(), (key_head * s.tokens + j) * d + c);
    for (size_t c = 0; c < d; ++c) errors[index].Add(Widen(type, out.data(), row * d + c), o[c]);
    lse_off[index] = std::fabs(reinterpret_cast<float*>(lse_bytes.data())[row] - (largest + std::log(sum)));
  });
  Error all;
  double worst_lse = 0;
  for (size_t i = 0; i < sample.size(); ++i) all.Add(errors[i]), worst_lse = std::max(worst_lse, lse_off[i]);
  const double error = all.Relative(), limit = LimitOf(type);
  Line("kernel")
      .Text("kernel", kernel.name)
      .Count("batch", s.batch)
      .Count("heads", s.heads)
      .Count("kvHeads", s.kv_heads)
      .Count("tokens", s.tokens)
      .Count("headDim", s.dim)
      .Number("magnitude", s.magnitude)
      .Number("error", error)
      .Number("limit", limit)
      .Number("lseError", worst_lse)
      .Count("notWritten", unwritten)
      .Flag("sameInEachRun", same)
      .Flag("insideItsOutput", inside)
      .Say(error < limit && unwritten == 0 && worst_lse < 1e-2 && same && inside);
}

template <typename Visit>
static void ForKernels(Visit visit) {
  if (device->arch() == 90)
    for (const auto& kernel : at::kFlashSm90Kernels) visit(kernel, true);
  for (const auto& kernel : at::kFlashKernels)
    if (kernel.minArch <= device->arch() && kernel.tile.sharedBytes <= device->most_shared_bytes())
      visit(kernel, false);
}

static void Check(bool small) {
  ForKernels([&](const at::FlashKernel& kernel, bool hopper) {
    if (std::string(kernel.name).find(only) == std::string::npos) return;
    std::vector<Shape> shapes = {{2, 2, 1, 1, kernel.headDim, 1},
                                 {1, 4, 2, 67, kernel.headDim, 1},
                                 {1, 3, 1, 129, kernel.headDim, 1},
                                 {2, 2, 1, 257, kernel.headDim - 16, 1},
                                 {1, 2, 2, 193, kernel.headDim, 4}};
    if (!small)
      shapes.insert(shapes.end(),
                    {{2, 16, 4, 1500, kernel.headDim, 1}, {1, 16, 16, 4096, kernel.headDim, 2}});
    if (!small && hopper) shapes.push_back({1, 4, 4, 32768, kernel.headDim, 1});
    cuda::Function function = nullptr;
    std::string why;
    if (!device->Kernel(fatbin, kernel.name, kernel.tile.sharedBytes, &function, &why))
      return Line("kernel").Text("kernel", kernel.name).Text("reason", why).Say(false);
    for (const Shape& s : shapes) CheckOne(kernel, hopper, s);
  });
}

// FlashAttention-3's grid: 16k tokens in all, 2,048 hidden. Launches queue up: no host time between the
// events.
static void Time(int runs) {
  constexpr long long kAll = 16384, kHidden = 2048;
  const std::string type = "bf16";
  const size_t bytes = kAll * kHidden * 2;
  Buffer q(bytes), k(bytes), v(bytes), o(bytes);
  for (Buffer* b : {&q, &k, &v}) b->Put(Draw(type, bytes / 2, 1.0, b->at).data());
  std::vector<cuda::Event> events(2 * runs);
  for (auto& event : events) Must("event", Api().event_create(&event, 0));
  for (const int dim : {64, 128})
    for (const bool causal : {false, true})
      for (long long tokens = 512; tokens <= kAll; tokens *= 2) {
        ForKernels([&](const at::FlashKernel& kernel, bool hopper) {
          if (type != kernel.dtype || kernel.headDim != dim || kernel.causal != causal) return;
          const Shape s = {static_cast<int>(kAll / tokens),
                           static_cast<int>(kHidden / dim),
                           static_cast<int>(kHidden / dim),
                           tokens,
                           dim,
                           1};
          at::AttentionParams p = {};
          p.q = reinterpret_cast<void*>(q.at), p.k = reinterpret_cast<void*>(k.at),
          p.v = reinterpret_cast<void*>(v.at);
          p.out = reinterpret_cast<void*>(o.at);
          p.tokens = tokens, p.batch = s.batch, p.heads = p.kvHeads = s.heads, p.headDim = dim;
          p.scale = static_cast<float>(1.0 / std::sqrt(dim)), p.causal = causal;
          Prepared launch = Prepare(kernel, hopper, s, p);
          for (int i = 0; i < 5; ++i) Launch(launch);
          for (int i = 0; i < runs; ++i) {
            Must("record", Api().event_record(events[2 * i], pool->stream()));
            Launch(launch);
            Must("record", Api().event_record(events[2 * i + 1], pool->stream()));
          }
          Must(kernel.name, Api().stream_wait(pool->stream()));
          std::vector<float> ms(runs);
          for (int i = 0; i < runs; ++i)
            Must("elapsed", Api().event_elapsed(&ms[i], events[2 * i], events[2 * i + 1]));
          const double flop = 4.0 * s.batch * s.heads * tokens * tokens * dim / (causal ? 2 : 1);
          Line("speed")
              .Text("kernel", kernel.name)
              .Text("family", NameOf(FamilyOf(kernel)))
              .Count("headDim", dim)
              .Flag("causal", causal)
              .Count("batch", s.batch)
              .Count("heads", s.heads)
              .Count("tokens", tokens)
              .Number("medianMs", Median(ms))
              .Number("minMs", *std::min_element(ms.begin(), ms.end()))
              .Number("tflops", flop / Median(ms) / 1e9)
              .Say();
        });
      }
}

static void Pool() {
  std::string why;
  const auto show = [&](const std::string& when, CudaPool& of, bool ok) {
    PoolStats stats;
    uint64_t device_used = 0;
    if (!of.Stats(&stats, &why) || !of.DeviceUsedBytes(&device_used, &why)) Die(why);
    Line("pool")
        .Text("when", when)
        .Count("usedBytes", stats.used)
        .Count("usedHighWaterBytes", stats.used_high)
        .Count("reservedBytes", stats.reserved)
        .Count("reservedHighWaterBytes", stats.reserved_high)
        .Count("deviceUsedBytes", device_used)
        .Say(ok && stats.reserved >= stats.used && stats.used_high >= stats.used);
    return stats;
  };
  auto own = CudaPool::Create(0, kNoCap, &why);
  if (own == nullptr) Die(why);
  show("empty", *own, true);
  PoolError error;
  std::vector<void*> blocks;
  uint64_t asked = 0;
  for (const uint64_t bytes :
       {uint64_t{100}, uint64_t{3'000'000}, uint64_t{40} << 20, uint64_t{1} << 30, (uint64_t{1} << 30) + 1}) {
    blocks.push_back(own->Allocate(bytes, &error));
    if (blocks.back() == nullptr) Die("allocation: " + error.reason);
    const auto stats = show("with " + std::to_string(bytes) + " more", *own, true);
    asked += bytes;
    if (stats.used < asked) Line("pool").Text("reason", "used is less than what was asked for").Say(false);
  }
  const uint64_t high = show("full", *own, true).used_high;
  for (void* block : blocks) own->Free(block);
  const auto given_back = show("all given back", *own, true);
  if (given_back.used != 0 || given_back.used_high != high)
    Line("pool").Text("reason", "used must be 0 and its mark must stay").Say(false);
  if (!own->ResetHighWater(&why)) Die(why);
  if (show("marks reset", *own, true).used_high != 0)
    Line("pool").Text("reason", "the mark was not reset").Say(false);
  const bool refused =
      own->Allocate(uint64_t{1} << 46, &error) == nullptr && error.kind == PoolError::kOutOfMemory;
  Line("pool").Text("when", "64 TiB asked for").Text("answer", error.reason).Say(refused);
  void* const after = own->Allocate(1 << 20, &error);
  Line("pool").Text("when", "after it was out of memory").Text("answer", error.reason).Say(after != nullptr);
  auto capped = CudaPool::Create(0, 256 << 20, &why);
  if (capped == nullptr) Die(why);
  uint64_t taken = 0;
  while (capped->Allocate(uint64_t{5} << 20, &error) != nullptr) ++taken;
  Line("pool")
      .Text("when", "cap of 256 MiB")
      .Count("blocksOf5MiB", taken)
      .Text("answer", error.reason)
      .Say(error.kind == PoolError::kOutOfMemory && taken > 0 && taken <= 51);
  show("at its cap", *capped, true);
}

// Whether NVML's used includes its reserved on this driver, and whose processes it lists.
static void Nvml() {
  nvml::Library nvml;
  const std::string why = nvml.Open();
  nvml::Device handle = nullptr;
  if (!why.empty()) return Line("nvml").Text("absent", why).Say();
  if (nvml.handle(0, &handle) != nvml::kSuccess)
    return Line("nvml").Text("reason", "no handle of device 0").Say(false);
  char driver[128] = {};
  if (nvml.driver_version != nullptr) nvml.driver_version(driver, sizeof(driver) - 1);
  nvml::Memory one = {};
  nvml::MemoryV2 two = {};
  two.version = nvml::kMemoryV2Version;
  const bool has_one = nvml.memory != nullptr && nvml.memory(handle, &one) == nvml::kSuccess;
  const bool has_two = nvml.memory_v2 != nullptr && nvml.memory_v2(handle, &two) == nvml::kSuccess;
  Line line("nvml");
  line.Text("driver", driver);
  if (has_one)
    line.Count("v1Total", one.total)
        .Count("v1Used", one.used)
        .Count("v1Free", one.free)
        .Flag("v1UsedAndFreeAreTotal", one.used + one.free == one.total);
  if (has_two)
    line.Count("v2Total", two.total)
        .Count("v2Used", two.used)
        .Count("v2Free", two.free)
        .Count("v2Reserved", two.reserved)
        .Flag("v2UsedIncludesReserved", two.used + two.free == two.total)
        .Flag("v2SumsExplained",
              two.used + two.free == two.total || two.used + two.free + two.reserved == two.total);
  line.Say(has_one || has_two);
}

// The repository's own host code, every kernel and type, as the addon would call it.
static void Host() {
  std::string why;
  CudaChoice choice;
  if (!choice.Read("cuda", &why)) Die(why);
  for (const DType type : {DType::kFp32, DType::kFp16, DType::kBf16})
    for (const Kernel kernel : {Kernel::kNaive, Kernel::kEager, Kernel::kFlash})
      for (const bool causal : {false, true}) {
        AttentionProblem p;
        p.batch = 1, p.heads = 4, p.kv_heads = 2, p.tokens = 131, p.head_dim = 64, p.causal = causal,
        p.scale = 0.125f;
        p.dtype = type, p.score_dtype = DType::kFp32;
        AttentionInputs inputs;
        inputs.seed = 5;
        AttentionOptions options;
        options.kernel = kernel, options.threads = AvailableCores(), options.instruction_set = "cuda";
        const std::string name = type == DType::kFp32 ? "fp32" : type == DType::kFp16 ? "fp16" : "bf16";
        if (kernel == Kernel::kFlash && choice.Flash(*device, name, p.head_dim, causal, &why) == nullptr) {
          Line("host").Text("dtype", name).Text("absent", why).Say();
          continue;
        }
        const size_t bytes = static_cast<size_t>(p.QueryElements()) * BytesOf(type);
        std::vector<char> got(bytes), truth(bytes);
        const auto mine = RunCudaAttention(p, inputs, options, fatbin, pool.get(), got.data());
        options.kernel = Kernel::kReference;
        RunCudaAttention(p, inputs, options, fatbin, pool.get(), truth.data());
        Error all;
        for (int64_t i = 0; i < p.QueryElements(); ++i)
          all.Add(Widen(name, got.data(), i), Widen(name, truth.data(), i));
        const double error = all.Relative(), limit = LimitOf(name);
        Line("host")
            .Text("code", mine.code)
            .Flag("causal", causal)
            .Number("error", error)
            .Number("limit", limit)
            .Number("ms", mine.duration_ms)
            .Count("usedBytes", mine.at_most.used_high)
            .Count("reservedBytes", mine.at_most.reserved_high)
            .Text("reason", mine.error.reason)
            .Say(mine.error.kind == PoolError::kNone && error < limit);
      }
}

// An illegal address: what the driver says, and that it stays. For a process of its own.
static void Fault() {
  std::string why;
  cuda::Function function = nullptr;
  if (!device->Kernel(fatbin, "bytesper_fill_normal_fp32", 0, &function, &why)) Die(why);
  at::ElementParams params = {nullptr, reinterpret_cast<void*>(uintptr_t{0x10}), 1 << 20, 1};
  void* arguments[] = {&params};
  Must("launch", Api().launch(function, 64, 1, 1, 256, 1, 1, 0, pool->stream(), arguments, nullptr));
  const int first = Api().stream_wait(pool->stream());
  PoolError error;
  void* const block = pool->Allocate(1 << 20, &error);
  Line("fault")
      .Count("synchronise", first)
      .Text("answer", error.reason)
      .Say(first != 0 && block == nullptr && error.kind == PoolError::kDevice);
}

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr,
                 "kernels FATBIN small|all|speed|decode|decode-all|decode-speed|pool|host|fault|nvml "
                 "[part of a name, or runs]\n");
    return 2;
  }
  fatbin = arguments[1];
  const std::string mode = arguments[2];
  const char* const modes[] = {"small",        "all",  "speed", "decode", "decode-all",
                               "decode-speed", "pool", "host",  "fault",  "nvml"};
  if (std::find(std::begin(modes), std::end(modes), mode) == std::end(modes)) {
    std::fprintf(stderr, "there is no check %s\n", mode.c_str());
    return 2;
  }
  std::string why;
  device = cuda::Device::Open(0, &why);
  if (device == nullptr) Die(why);
  pool = CudaPool::Create(0, kNoCap, &why);
  if (pool == nullptr || !pool->SetReleaseThreshold(UINT64_MAX, &why)) Die(why);
  Line("device")
      .Count("arch", device->arch())
      .Count("processors", device->processors())
      .Count("sharedBytes", device->most_shared_bytes())
      .Say();
  if (count > 3) only = arguments[3];
  if (mode == "all") Check(false);
  if (mode == "small") Check(true);
  const int runs = count > 3 ? std::max(1, std::atoi(arguments[3])) : 20;
  if (mode == "speed") Time(runs);
  if (mode == "decode") CheckDecode(true);
  if (mode == "decode-all") CheckDecode(false);
  if (mode == "decode-speed") TimeDecode(runs);
  if (mode == "pool") Pool();
  if (mode == "nvml") Nvml();
  if (mode == "host") Host();
  if (mode == "fault") Fault();
  std::fflush(stdout);
  if (mode == "fault") std::_Exit(failures != 0);  // nothing can be given back on a dead context
  pool.reset(), device.reset();
  return failures != 0;
}
