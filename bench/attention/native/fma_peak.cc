// The peak of multiply-adds in single precision: independent chains in registers, on all threads at once.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "options.h"
#include "timing.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

// Enough for two units with a latency of up to six cycles, and with the two operands few enough for 16
// registers.
constexpr int kChains = 12;
// Short, so that some of them meet a quiet moment of the machine.
constexpr double kBurstMs = 15;
constexpr int kBurstsPerRun = 10;

// Each step multiplies every chain by `factor` and adds `term`; the answer keeps the chains alive.
using Steps = float (*)(int64_t steps, float factor, float term);

#if defined(__x86_64__)

template <int lanes>
float Total(const float (&values)[lanes]) {
  float total = 0;
  for (const float value : values) total += value;
  return total;
}

__attribute__((target("avx512f"))) float StepsAvx512(int64_t steps, float factor, float term) {
  const __m512 factors = _mm512_set1_ps(factor);
  const __m512 terms = _mm512_set1_ps(term);
  __m512 chains[kChains];
  for (__m512& chain : chains) chain = terms;
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chains[i] = _mm512_fmadd_ps(chains[i], factors, terms);
  }
  __m512 sum = chains[0];
  for (int i = 1; i < kChains; ++i) sum = _mm512_add_ps(sum, chains[i]);
  float lanes[16];
  _mm512_storeu_ps(lanes, sum);
  return Total(lanes);
}

__attribute__((target("avx2,fma"))) float StepsAvx2(int64_t steps, float factor, float term) {
  const __m256 factors = _mm256_set1_ps(factor);
  const __m256 terms = _mm256_set1_ps(term);
  __m256 chains[kChains];
  for (__m256& chain : chains) chain = terms;
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chains[i] = _mm256_fmadd_ps(chains[i], factors, terms);
  }
  __m256 sum = chains[0];
  for (int i = 1; i < kChains; ++i) sum = _mm256_add_ps(sum, chains[i]);
  float lanes[8];
  _mm256_storeu_ps(lanes, sum);
  return Total(lanes);
}

#endif

// A multiplication and an addition where the compiler's baseline has no instruction for both.
float StepsBaseline(int64_t steps, float factor, float term) {
  typedef float Lanes __attribute__((vector_size(16)));
  const Lanes factors = {factor, factor, factor, factor};
  const Lanes terms = {term, term, term, term};
  Lanes chains[kChains];
  for (Lanes& chain : chains) chain = terms;
  for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chains[i] = chains[i] * factors + terms;
  }
  Lanes sum = chains[0];
  for (int i = 1; i < kChains; ++i) sum += chains[i];
  return sum[0] + sum[1] + sum[2] + sum[3];
}

struct Isa {
  const char* name;
  bool available;
  int lanes;
  Steps steps;
};

// The widest first.
std::vector<Isa> InstructionSets() {
  std::vector<Isa> sets;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  sets.push_back({"avx512", __builtin_cpu_supports("avx512f") != 0, 16, StepsAvx512});
  sets.push_back({"avx2", avx2, 8, StepsAvx2});
#endif
  sets.push_back({"baseline", true, 4, StepsBaseline});
  return sets;
}

const Isa* ChooseIsa(const std::vector<Isa>& sets, const std::string& wanted) {
  for (const Isa& isa : sets) {
    if (isa.available && (wanted.empty() || wanted == isa.name)) return &isa;
  }
  return nullptr;
}

// Wall time of a burst from the moment when all threads stand ready; adds to `sink` what came out.
double BurstMs(const Isa& isa, int threads, int64_t steps, std::atomic<float>* sink) {
  using Clock = std::chrono::steady_clock;
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      ready.fetch_add(1);
      while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
      sink->store(isa.steps(steps, 0.999f, 0.001f));
    });
  }
  while (ready.load() < threads) std::this_thread::yield();
  const auto start = Clock::now();
  go.store(true, std::memory_order_release);
  for (std::thread& worker : workers) worker.join();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  peers::Options options;
  options.threads = static_cast<int>(std::thread::hardware_concurrency());
  options.runs = 10;
  if (!peers::ParseOptions(argc, argv, &options)) return 2;
  const std::vector<Isa> sets = InstructionSets();
  const Isa* isa = ChooseIsa(sets, options.isa);
  if (isa == nullptr) {
    std::printf("{\"peer\":\"fma-peak\",\"skipped\":\"this processor has no %s\"}\n", options.isa.c_str());
    return 0;
  }
  std::atomic<float> sink{0};
  int64_t steps = 1 << 16;
  while (BurstMs(*isa, options.threads, steps, &sink) < kBurstMs) steps *= 2;
  std::vector<double> times_ms;
  for (int burst = 0; burst < options.runs * kBurstsPerRun; ++burst) {
    times_ms.push_back(BurstMs(*isa, options.threads, steps, &sink));
  }
  // The chains converge to term / (1 - factor).
  const float expected = 1.0f * kChains * isa->lanes;
  if (!(sink.load() > 0.99f * expected && sink.load() < 1.01f * expected)) {
    std::fprintf(stderr, "fma-peak: the chains add up to %g, not %g\n", sink.load(), expected);
    return 1;
  }
  const peers::Timing timing = peers::Summarize(times_ms);
  const double flops = 2.0 * kChains * isa->lanes * static_cast<double>(steps) * options.threads;
  std::printf(
      "{\"peer\":\"fma-peak\",\"isa\":\"%s\",\"threads\":%d,\"medianMs\":%.4f,\"minMs\":%.4f,"
      "\"gflops\":%.2f,\"maxGflops\":%.2f}\n",
      isa->name, options.threads, timing.median_ms, timing.min_ms, flops / timing.median_ms / 1e6,
      flops / timing.min_ms / 1e6);
  return 0;
}
