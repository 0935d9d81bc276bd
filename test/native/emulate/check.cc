// Runs every kernel of kernels.cu on the emulated machine and compares with double precision.
//
// npm run kernels -- --check compiles and runs it.
//
// One line a kernel: the worst relative error in the 2-norm over all cases, and its limit. Ends with 1 on any
// failure.

#include "kernels.cu"
#include "problem.h"

namespace {

// ---- Flash ----

template <class T>
void CheckFlash(const Case& with, Problem<T>& problem, const char* name, Kernel full, Kernel causal) {
  const std::string whole_name = std::string(name) + (with.shape.causal ? "_causal" : "_full");
  const attention::FlashKernel* listed = nullptr;
  for (const attention::FlashKernel& kernel : attention::kFlashKernels) {
    if (whole_name == kernel.name) listed = &kernel;
  }
  if (listed == nullptr || with.shape.head_dim > listed->headDim) return;

  AttentionParams params = problem.Params();
  const bool with_lse = with.seed % 3 != 0;
  if (!with_lse) params.lse = nullptr;
  problem.out.FillWithNan();
  problem.lse.FillWithNan();
  RunOn(with, with.shape.causal ? causal : full, params,
        attention::FlashBlocks(listed->tile, params.tokens, params.batch, params.heads), listed->tile.threads,
        listed->tile.sharedBytes);
  Record(whole_name, RelativeError(problem.out.Read(), problem.wanted), Limit<T>());
  if (with_lse)
    Record("  its lse: " + whole_name, RelativeError(problem.lse.Read(), problem.wanted_lse), 1e-5);
  if (!problem.ZonesUntouched()) Record(whole_name + " (guard zones)", 1, 0);
}

// ---- The naive chain, each kernel judged on what it was given. softmax_to_f32 may be null: seen elsewhere
// ----

template <class T, class Score>
void CheckNaive(const Case& with, Problem<T>& problem, const char* name, Kernel scores_kernel,
                Kernel softmax_kernel, Kernel softmax_to_f32_kernel, Kernel values_kernel) {
  const Shape& shape = with.shape;
  Tensor<Score> scores(shape.ScoreCount());
  Tensor<Fp32> probabilities(shape.ScoreCount());
  AttentionParams params = problem.Params();
  params.scores = scores.Data();

  const attention::NaiveLaunch by_tile = attention::kScoresLaunch;
  RunOn(with, scores_kernel, params, attention::ScoresBlocks(params.tokens, params.batch, params.heads),
        by_tile.threads, by_tile.sharedBytes);
  const Values given_scores = scores.Read();
  Record(std::string("bytesper_scores_") + name, RelativeError(given_scores, problem.scores), Limit<Score>());

  const attention::NaiveLaunch by_row = attention::kSoftmaxLaunch;
  const long long rows = attention::SoftmaxBlocks(params.tokens, params.batch, params.heads);
  const Values wanted = ReferenceSoftmax(shape, given_scores).values;
  if (softmax_to_f32_kernel != nullptr) {
    params.out = probabilities.Data();
    RunOn(with, softmax_to_f32_kernel, params, rows, by_row.threads, by_row.sharedBytes);
    Record(std::string("bytesper_softmax_to_f32 after scores_") + name,
           RelativeError(probabilities.Read(), wanted), Limit<Fp32>());
  }
  RunOn(with, softmax_kernel, params, rows, by_row.threads, by_row.sharedBytes);
  const Values given_probabilities = scores.Read();
  Record(std::string("bytesper_softmax after scores_") + name, RelativeError(given_probabilities, wanted),
         Limit<Score>());

  problem.out.FillWithNan();
  params.out = problem.out.Data();
  const attention::NaiveLaunch by_column = attention::kValuesLaunch;
  RunOn(with, values_kernel, params,
        attention::ValuesBlocks(params.tokens, params.batch, params.heads, params.headDim), by_column.threads,
        by_column.sharedBytes);
  Record(std::string("bytesper_values_") + name,
         RelativeError(problem.out.Read(), ReferenceValues(shape, given_probabilities, problem.v.Read())),
         Limit<T>());
  Record(std::string("chain ") + name, RelativeError(problem.out.Read(), problem.wanted),
         std::max(Limit<T>(), Limit<Score>()));
  if (!problem.ZonesUntouched() || !scores.ZonesUntouched() || !probabilities.ZonesUntouched()) {
    Record(std::string("naive ") + name + " (guard zones)", 1, 0);
  }
}

// The forms of the 16-bit products that sm_75 gets, where the exported name has another body above it.
template <class T, class Score>
void ScoresOnFma(const AttentionParams params) {
  attention::ScoresFma<T, Score>(params);
}
template <class T, class Score>
void ValuesOnFma(const AttentionParams params) {
  attention::ValuesFma<T, Score>(params);
}

#define FLASH_PAIR(name) "bytesper_flash_" #name, bytesper_flash_##name##_full, bytesper_flash_##name##_causal

void CheckCase(const Case& with) {
  if (with.shape.head_dim <= 128) {
    Problem<Fp32> exact(with);
    CheckFlash(with, exact, FLASH_PAIR(fp32_d64));
    CheckFlash(with, exact, FLASH_PAIR(fp32_d128));
    Problem<Fp16> half(with);
    CheckFlash(with, half, FLASH_PAIR(fp16_d64));
    CheckFlash(with, half, FLASH_PAIR(fp16_d128));
    CheckFlash(with, half, FLASH_PAIR(sm75_fp16_d64));
    CheckFlash(with, half, FLASH_PAIR(sm75_fp16_d128));
    Problem<Bf16> bfloat(with);
    CheckFlash(with, bfloat, FLASH_PAIR(bf16_d64));
    CheckFlash(with, bfloat, FLASH_PAIR(bf16_d128));
  }
  // Scores above a few units lose their fraction in 16 bits; the chain is judged where it can be right.
  if (with.magnitude > 1.0) return;
  Problem<Fp32> exact(with);
  CheckNaive<Fp32, Fp32>(with, exact, "fp32_fp32", bytesper_scores_fp32_fp32, bytesper_softmax_fp32,
                         bytesper_softmax_to_f32_fp32, bytesper_values_fp32_fp32);
  Problem<Fp16> half(with);
  CheckNaive<Fp16, Fp32>(with, half, "fp16_fp32", bytesper_scores_fp16_fp32, bytesper_softmax_fp32, nullptr,
                         bytesper_values_fp16_fp32);
  CheckNaive<Fp16, Fp16>(with, half, "fp16_fp16", bytesper_scores_fp16_fp16, bytesper_softmax_fp16,
                         bytesper_softmax_to_f32_fp16, bytesper_values_fp16_fp16);
  CheckNaive<Fp16, Fp16>(with, half, "fp16_fp16 on FMA", ScoresOnFma<Fp16, Fp16>, bytesper_softmax_fp16,
                         nullptr, ValuesOnFma<Fp16, Fp16>);
  CheckNaive<Fp16, Fp32>(with, half, "fp16_fp32 on FMA", ScoresOnFma<Fp16, Fp32>, bytesper_softmax_fp32,
                         nullptr, ValuesOnFma<Fp16, Fp32>);
  Problem<Bf16> bfloat(with);
  CheckNaive<Bf16, Fp32>(with, bfloat, "bf16_fp32", bytesper_scores_bf16_fp32, bytesper_softmax_fp32, nullptr,
                         bytesper_values_bf16_fp32);
  CheckNaive<Bf16, Bf16>(with, bfloat, "bf16_bf16", bytesper_scores_bf16_bf16, bytesper_softmax_bf16,
                         bytesper_softmax_to_f32_bf16, bytesper_values_bf16_bf16);
  CheckNaive<Bf16, Bf16>(with, bfloat, "bf16_bf16 on FMA", ScoresOnFma<Bf16, Bf16>, bytesper_softmax_bf16,
                         nullptr, ValuesOnFma<Bf16, Bf16>);
}

// ---- The rest ----

template <class In, class Out>
void CheckConvert(const Case& with, const char* name, void (*kernel)(const ElementParams), double limit) {
  constexpr size_t kCount = 4099;
  Tensor<In> in(kCount);
  Tensor<Out> out(kCount);
  in.FillNormal(5, 1.0);
  RunOn(with, kernel, ElementParams{in.Data(), out.Data(), kCount, 0}, 3, attention::kElementThreads, 0);
  Record(name, RelativeError(out.Read(), in.Read()), limit);
  if (!in.ZonesUntouched() || !out.ZonesUntouched()) Record(std::string(name) + " (guard zones)", 1, 0);
}

// Mean, variance and range of the generator; and that neighbours, in place and in seed, do not go together.
template <class T>
void CheckFill(const Case& with, const char* name, void (*kernel)(const ElementParams)) {
  constexpr size_t kCount = 1 << 17;
  double worst = 0;
  Tensor<T> out(kCount);
  Tensor<T> other(kCount);
  RunOn(with, kernel, ElementParams{nullptr, out.Data(), kCount, 1}, attention::ElementBlocks(kCount),
        attention::kElementThreads, 0);
  RunOn(with, kernel, ElementParams{nullptr, other.Data(), kCount, 2}, 7, attention::kElementThreads, 0);
  const Values values = out.Read();
  const Values others = other.Read();
  double sum = 0, squares = 0, neighbours = 0, seeds = 0;
  for (size_t i = 0; i < kCount; ++i) {
    sum += values[i];
    squares += values[i] * values[i];
    neighbours += values[i] * values[(i + 1) % kCount];
    seeds += values[i] * others[i];
    if (!(std::fabs(values[i]) < 3.5)) worst = 1;
  }
  for (const double off : {sum, squares - kCount, neighbours, seeds})
    worst = std::max(worst, std::fabs(off) / kCount);
  Record(name, worst, 0.015);
}

// The first row of a matrix that is not there as a whole.
void CheckSoftmaxOfRow(const Case& with, const char* name, const std::vector<float>& row,
                       const Values& wanted) {
  Tensor<Fp32> scores(row.size());
  std::copy(row.begin(), row.end(), scores.Data());
  AttentionParams params = {};
  params.scores = scores.Data();
  params.tokens = static_cast<long long>(row.size());
  params.batch = params.heads = 1;
  Run({{1, 1, 1},
       attention::kSoftmaxLaunch.threads,
       attention::kSoftmaxLaunch.sharedBytes,
       with.order,
       with.landing,
       1},
      [&] { bytesper_softmax_fp32(params); });
  Record(name, RelativeError(scores.Read(), wanted), Limit<Fp32>());
  if (!scores.ZonesUntouched()) Record(std::string(name) + " (guard zones)", 1, 0);
}

void CheckSoftmaxOfNothing(const Case& with) {
  CheckSoftmaxOfRow(with, "bytesper_softmax_fp32 of -inf alone", std::vector<float>(40, -INFINITY),
                    Values(40, 0.0));
}

void CheckSoftmaxOfLongRow(const Case& with) {
  constexpr int kLength = 70001;
  std::vector<float> row(kLength);
  for (int i = 0; i < kLength; ++i) row[i] = 20.0f * attention::RoughlyNormal(9, i);
  Values wanted(row.begin(), row.end());
  const double largest = *std::max_element(wanted.begin(), wanted.end());
  double sum = 0;
  for (double& value : wanted) sum += value = std::exp(value - largest);
  for (double& value : wanted) value /= sum;
  CheckSoftmaxOfRow(with, "bytesper_softmax_fp32 of a long row", row, wanted);
}

void CheckFormats() {
  double wrong = 0;
  for (int bits = 0; bits < 65536; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    const float value = HalfToFloat(half);
    if (!std::isnan(value) && FloatToHalf(value) != half) ++wrong;
    const float next = HalfToFloat(half + 1);
    // Halfway between neighbours of one sign, the even one wins.
    if (bits % 32768 < 0x7bff && FloatToHalf((value + next) / 2) != (half % 2 == 0 ? half : half + 1))
      ++wrong;
    const float bfloat = BfloatToFloat(half);
    if (!std::isnan(bfloat) && FloatToBfloat(bfloat) != half) ++wrong;
  }
  Record("16-bit formats of the emulation", wrong, 1);
}

std::vector<Case> AllCases() {
  struct Heads {
    int batch, heads, kv_heads;
  };
  constexpr Heads kHeads[] = {{2, 1, 1}, {1, 4, 2}, {1, 6, 1}};
  std::vector<Case> cases;
  uint64_t seed = 0;
  for (const int head_dim : {16, 64, 80, 128, 256}) {
    for (const int tokens : {1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200, 300}) {
      // Above 128 there is the naive chain alone, and it does not see the difference in most lengths.
      if (head_dim == 256 && tokens != 17 && tokens != 129) continue;
      for (const bool causal : {false, true}) {
        const Heads heads = kHeads[seed % 3];
        // Plain, another scale, large scores.
        const int flavour = static_cast<int>(seed / 2 % 3);
        const double scale = flavour == 1 ? 0.31 : 1.0 / std::sqrt(head_dim);
        const Shape shape = {heads.batch, heads.heads, heads.kv_heads,           tokens,
                             head_dim,    causal,      static_cast<float>(scale)};
        cases.push_back({shape, flavour == 2 ? 4.0 : 1.0, seed, static_cast<Order>(seed % 3),
                         static_cast<Landing>(seed / 3 % 3)});
        ++seed;
      }
    }
  }
  // Every order with every landing, on a shape with several steps, unmasked ones included.
  for (int order = 0; order < 3; ++order) {
    for (int landing = 0; landing < 3; ++landing) {
      for (const bool causal : {false, true}) {
        const Shape shape = {1, 1, 1, 333, order == 1 ? 64 : 128, causal, 0.125};
        cases.push_back({shape, 1.0, seed++, static_cast<Order>(order), static_cast<Landing>(landing)});
      }
    }
  }
  std::stable_sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) {
    return a.shape.ScoreCount() * a.shape.head_dim > b.shape.ScoreCount() * b.shape.head_dim;
  });
  return cases;
}

void CheckTheRest() {
  const Case with = {{1, 1, 1, 1, 16, false, 1.0}, 1.0, 1, Order::kShuffled, Landing::kLate};
  current_case = "no case";
  CheckFormats();
  CheckConvert<Fp32, Fp16>(with, "bytesper_cast_fp16", bytesper_cast_fp16, 5e-4);
  CheckConvert<Fp32, Bf16>(with, "bytesper_cast_bf16", bytesper_cast_bf16, 4e-3);
  CheckConvert<Fp16, Fp32>(with, "bytesper_widen_fp16", bytesper_widen_fp16, 1e-30);
  CheckConvert<Bf16, Fp32>(with, "bytesper_widen_bf16", bytesper_widen_bf16, 1e-30);
  CheckFill<Fp32>(with, "bytesper_fill_normal_fp32", bytesper_fill_normal_fp32);
  CheckFill<Fp16>(with, "bytesper_fill_normal_fp16", bytesper_fill_normal_fp16);
  CheckFill<Bf16>(with, "bytesper_fill_normal_bf16", bytesper_fill_normal_bf16);
  CheckSoftmaxOfNothing(with);
  CheckSoftmaxOfLongRow(with);
}

}  // namespace

int main(int count, char** arguments) {
  return CheckAll(count, arguments, AllCases(), CheckCase, CheckTheRest);
}
