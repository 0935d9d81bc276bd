#pragma once

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "guarded_buffer.h"
#include "reference.h"

// What the checks of kernels share: problems with their solutions in double precision, the record of errors,
// and the workers that go through the cases. Each check is one file, so all this has internal linkage.

namespace {

using namespace emulation;
namespace attention = bytesper::attention;
using attention::AttentionParams;
using attention::Bf16;
using attention::ElementParams;
using attention::FlashTile;
using attention::Fp16;
using attention::Fp32;

using Kernel = void (*)(const AttentionParams);

template <class T>
constexpr double Limit() {
  return std::is_same_v<T, Fp32> ? 1e-5 : std::is_same_v<T, Fp16> ? 3e-3 : 1e-2;
}

// ---- Results, in memory that the workers and their parent share ----

struct Result {
  char name[64];
  double worst;
  double limit;
  int runs;
  int failures;
};

constexpr int kMostResults = 96;
Result* results = nullptr;  // [kMostResults], of this worker
std::string current_case;
bool stop_at_failure = false;
volatile bool* stopped = nullptr;  // shared by the workers

void Record(const std::string& name, double error, double limit) {
  Result* result = results;
  while (result->runs > 0 && name != result->name) ++result;
  std::snprintf(result->name, sizeof result->name, "%s", name.c_str());
  result->worst = result->runs == 0 ? error : std::max(result->worst, error);
  result->limit = limit;
  ++result->runs;
  if (error < limit) return;
  if (++result->failures <= 3) {
    std::printf("FAIL %s: error %.2e, limit %.0e; %s\n", name.c_str(), error, limit, current_case.c_str());
  }
  if (stop_at_failure) {
    *stopped = true;
    std::fflush(stdout);
    std::_Exit(1);
  }
}

void OnFault(int) {
  std::printf("FAIL read or write outside of a buffer, or a write to an input; %s\n", current_case.c_str());
  *stopped = true;
  std::fflush(stdout);
  std::_Exit(1);
}

// ---- Cases ----

struct Case {
  Shape shape;
  double magnitude;  // of Q and K
  uint64_t seed;
  Order order;
  Landing landing;
};

template <class T>
class Tensor {
 public:
  using Element = typename T::Element;
  explicit Tensor(size_t count) : count_(count), buffer_(count * sizeof(Element)) {}

  void FillNormal(uint64_t seed, double magnitude) {
    for (size_t i = 0; i < count_; ++i) {
      // Off centre, so that sums do not cancel and relative errors keep their meaning.
      buffer_.As<Element>()[i] =
          T::Narrow(static_cast<float>(magnitude * (attention::RoughlyNormal(seed, i) + 0.25)));
    }
    buffer_.ForbidWrites();
  }
  void FillWithNan() { buffer_.FillWithNan(); }
  Values Read() const {
    Values values(count_);
    for (size_t i = 0; i < count_; ++i) values[i] = T::Widen(buffer_.As<Element>()[i]);
    return values;
  }
  Element* Data() const { return buffer_.As<Element>(); }
  bool ZonesUntouched() const { return buffer_.ZonesUntouched(); }

 private:
  size_t count_;
  GuardedBuffer buffer_;
};

template <class Params>
void RunOn(const Case& with, void (*kernel)(const Params), const Params& params, long long blocks,
           int threads, int shared_bytes) {
  attention::Grid grid = attention::GridFor(blocks);
  // Now and then two rows of blocks, with one or two blocks too many: these must leave by themselves.
  if (with.seed % 2 == 1) grid = {grid.x / 2 + 1, 2, 1};
  Run({{grid.x, grid.y, grid.z}, threads, shared_bytes, with.order, with.landing, with.seed},
      [&] { kernel(params); });
}

template <class T>
struct Problem {
  explicit Problem(const Case& with)
      : shape(with.shape),
        q(shape.QueryCount()),
        k(shape.KeyCount()),
        v(shape.KeyCount()),
        out(shape.QueryCount()),
        lse(shape.RowCount()) {
    q.FillNormal(with.seed * 3 + 1, with.magnitude);
    k.FillNormal(with.seed * 3 + 2, with.magnitude);
    v.FillNormal(with.seed * 3 + 3, 1.0);
    scores = ReferenceScores(shape, q.Read(), k.Read());
    Probabilities softmax = ReferenceSoftmax(shape, scores);
    wanted = ReferenceValues(shape, softmax.values, v.Read());
    wanted_lse = softmax.lse;
  }

  AttentionParams Params() {
    AttentionParams params = {};
    params.q = q.Data();
    params.k = k.Data();
    params.v = v.Data();
    params.out = out.Data();
    params.lse = lse.Data();
    params.tokens = shape.tokens;
    params.batch = shape.batch;
    params.heads = shape.heads;
    params.kvHeads = shape.kv_heads;
    params.headDim = shape.head_dim;
    params.scale = static_cast<float>(shape.scale);
    params.causal = shape.causal;
    return params;
  }

  bool ZonesUntouched() const {
    return q.ZonesUntouched() && k.ZonesUntouched() && v.ZonesUntouched() && out.ZonesUntouched() &&
           lse.ZonesUntouched();
  }

  Shape shape;
  Tensor<T> q, k, v, out;
  Tensor<Fp32> lse;
  Values scores, wanted, wanted_lse;
};

// ---- Workers ----

[[maybe_unused]] std::string Describe(const Case& with) {
  char text[160];
  const Shape& shape = with.shape;
  std::snprintf(text, sizeof text,
                "batch %d heads %d/%d tokens %d headDim %d %s scale %.3f magnitude %.0f seed %llu",
                shape.batch, shape.heads, shape.kv_heads, shape.tokens, shape.head_dim,
                shape.causal ? "causal" : "full", shape.scale, with.magnitude,
                static_cast<unsigned long long>(with.seed));
  return text;
}

// Checks every case with the processors of this machine, and `rest` once; prints the results and answers what
// main returns. `--stop` ends at the first failure, for mutants.sh.
template <class Of>
int CheckAll(int count, char** arguments, const std::vector<Of>& cases, void (*check)(const Of&),
             void (*rest)()) {
  stop_at_failure = count > 1 && std::string(arguments[1]) == "--stop";
  signal(SIGSEGV, OnFault);
  signal(SIGBUS, OnFault);
  const int workers = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const size_t result_bytes = sizeof(Result) * kMostResults * workers;
  void* const memory =
      mmap(nullptr, result_bytes + sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Result* const all = static_cast<Result*>(memory);
  stopped = reinterpret_cast<bool*>(static_cast<char*>(memory) + result_bytes);

  for (int worker = 0; worker < workers; ++worker) {
    if (fork() != 0) continue;
    results = all + worker * kMostResults;
    if (worker == workers - 1 && rest != nullptr) rest();
    for (size_t i = worker; i < cases.size() && !(stop_at_failure && *stopped); i += workers) {
      current_case = Describe(cases[i]);
      check(cases[i]);
    }
    std::fflush(stdout);
    std::_Exit(0);
  }
  bool failed = false;
  for (int worker = 0; worker < workers; ++worker) {
    int status = 0;
    wait(&status);
    failed = failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  }

  std::vector<Result> merged;
  for (int i = 0; i < workers * kMostResults; ++i) {
    if (all[i].runs == 0) continue;
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const Result& result) {
      return std::strcmp(result.name, all[i].name) == 0;
    });
    if (same == merged.end()) {
      merged.push_back(all[i]);
      continue;
    }
    same->worst = std::max(same->worst, all[i].worst);
    same->runs += all[i].runs;
    same->failures += all[i].failures;
  }
  std::sort(merged.begin(), merged.end(),
            [](const Result& a, const Result& b) { return std::strcmp(a.name, b.name) < 0; });
  for (const Result& result : merged) {
    failed = failed || result.failures > 0;
    std::printf("%-4s %-50s worst %.2e  limit %.0e  runs %d\n", result.failures > 0 ? "FAIL" : "ok",
                result.name, result.worst, result.limit, result.runs);
  }
  std::printf("%zu cases: %s\n", cases.size(), failed ? "FAILED" : "all within limits");
  return failed ? 1 : 0;
}

}  // namespace
