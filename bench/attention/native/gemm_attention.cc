#include "gemm_attention.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <new>
#include <vector>

#include "options.h"
#include "problem.h"
#include "softmax.h"
#include "timing.h"

namespace peers {
namespace {

constexpr int64_t kHeads = 16;
constexpr int64_t kHeadDim = 128;
constexpr double kTolerance = 1e-4;
constexpr int64_t kSmallTokens = 600;
constexpr int64_t kCheckedRows = 64;
constexpr int64_t kBlocks[] = {64, 128, 256, 512, 0};
constexpr int kTuningRuns = 3;

struct FreeAligned {
  void operator()(float* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
};
using AlignedFloats = std::unique_ptr<float[], FreeAligned>;

AlignedFloats TakeAligned(int64_t count) {
  void* memory = ::operator new[](static_cast<size_t>(count) * sizeof(float), std::align_val_t{64});
  return AlignedFloats(static_cast<float*>(memory));
}

class GemmAttention {
 public:
  // `query_rows` of one head are one task; 0 for whole heads.
  GemmAttention(const GemmLibrary& library, int threads, int64_t query_rows, Problem* problem)
      : library_(library),
        threads_(threads),
        rows_(query_rows == 0 ? problem->tokens : std::min(query_rows, problem->tokens)),
        problem_(*problem) {
    for (int i = 0; i < threads; ++i) scratch_.push_back(TakeAligned(rows_ * problem->tokens + rows_));
  }

  void Run() {
    const int64_t blocks = (problem_.tokens + rows_ - 1) / rows_;
#pragma omp parallel for num_threads(threads_) schedule(dynamic)
    for (int64_t task = 0; task < problem_.heads * blocks; ++task) {
      RunBlock(task / blocks, task % blocks * rows_, scratch_[omp_get_thread_num()].get());
    }
  }

 private:
  void RunBlock(int64_t head, int64_t first, float* scratch) {
    const int64_t tokens = problem_.tokens;
    const int64_t dim = problem_.head_dim;
    const int64_t rows = std::min(rows_, tokens - first);
    const int64_t head_start = head * tokens * dim;
    const int64_t block_start = head_start + first * dim;
    const float* queries = problem_.queries.data() + block_start;
    const float* keys = problem_.keys.data() + head_start;
    const float* values = problem_.values.data() + head_start;
    float* output = problem_.output.data() + block_start;
    float* scores = scratch;
    float* sums = scratch + rows_ * tokens;

    library_.times_transposed(rows, tokens, dim, static_cast<float>(problem_.Scale()), queries, keys, scores);
    for (int64_t row = 0; row < rows; ++row) sums[row] = SoftmaxNumerators(scores + row * tokens, tokens);
    library_.times(rows, dim, tokens, scores, values, output);
    for (int64_t row = 0; row < rows; ++row) Scale(output + row * dim, dim, 1 / sums[row]);
  }

  const GemmLibrary& library_;
  int threads_;
  int64_t rows_;
  Problem& problem_;
  std::vector<AlignedFloats> scratch_;
};

// Of the numbers of query rows the one with the fastest run.
int64_t FastestBlock(const GemmLibrary& library, int threads, Problem* problem) {
  int64_t fastest = 0;
  double fastest_ms = INFINITY;
  for (const int64_t rows : kBlocks) {
    GemmAttention attention(library, threads, rows, problem);
    const double ms = TimeRuns(kTuningRuns, [&] { attention.Run(); }).min_ms;
    if (ms < fastest_ms) {
      fastest = rows;
      fastest_ms = ms;
    }
  }
  return fastest;
}

bool IsCorrect(const GemmLibrary& library, const Problem& problem, int64_t step) {
  const double error = RelativeError(problem, step);
  if (error < kTolerance) return true;
  std::fprintf(stderr, "%s: wrong output at %lld tokens, relative error %.3g\n", library.name,
               static_cast<long long>(problem.tokens), error);
  return false;
}

}  // namespace

int RunGemmAttention(const GemmLibrary& library, int argc, char** argv) {
  Options options;
  options.tokens = 1024;
  options.threads = omp_get_num_procs();
  options.runs = 5;
  if (!ParseOptions(argc, argv, &options)) return 2;
  // For the libraries; the tasks ask for their threads themselves.
  omp_set_num_threads(1);

  Problem problem(kHeads, options.tokens, kHeadDim);
  const int64_t query_rows =
      options.tuned_rows ? FastestBlock(library, options.threads, &problem) : options.query_rows;

  Problem small(kHeads, kSmallTokens, kHeadDim);
  GemmAttention(library, options.threads, query_rows, &small).Run();
  if (!IsCorrect(library, small, 1)) return 1;

  GemmAttention attention(library, options.threads, query_rows, &problem);
  const Timing timing = TimeRuns(options.runs, [&] { attention.Run(); });
  // Odd, so that the rows lie at different places of their heads.
  if (!IsCorrect(library, problem, kHeads * options.tokens / kCheckedRows | 1)) return 1;

  std::printf(
      "{\"peer\":\"%s\",\"version\":\"%s\",\"tokens\":%lld,\"threads\":%d,\"queryRows\":%lld,"
      "\"medianMs\":%.4f,\"minMs\":%.4f,\"gflops\":%.2f}\n",
      library.name, library.version, static_cast<long long>(options.tokens), options.threads,
      static_cast<long long>(query_rows), timing.median_ms, timing.min_ms,
      problem.Flops() / timing.median_ms / 1e6);
  return 0;
}

}  // namespace peers
