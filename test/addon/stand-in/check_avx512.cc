// Attention with the AVX-512 steps on emulated intrinsics, and with the portable steps: prints the largest
// relative error of the norm between the two.
#include <cstdio>
#include <vector>

#include "../../../native/attention/simd_avx512.h"
// After the Vec that it is written for.
#include "../../../native/attention/cpu_decode.h"

namespace bytesper {
const CpuKernels* EmulatedKernels() {
  static constexpr CpuKernels kernels = KernelsOf("emulated avx512");
  return &kernels;
}
}  // namespace bytesper

using namespace bytesper;

namespace {

std::vector<uint16_t> Halves(const std::vector<float>& numbers, DType type) {
  std::vector<uint16_t> out;
  for (const float number : numbers) {
    out.push_back(type == DType::kFp16 ? FloatToFp16(number) : FloatToBf16(number));
  }
  return out;
}

// Runs flash, then the naive steps, and answers both outputs as numbers.
std::vector<float> Outputs(const CpuKernels& kernels, AttentionProblem p, const void* q, const void* k,
                           const void* v) {
  std::vector<float> out;
  std::vector<float> scratch(kernels.scratch_floats(p.dtype, p.head_dim, 96));
  std::vector<float> scores(static_cast<size_t>(p.ScoreElements()));
  for (const bool flash : {true, false}) {
    std::vector<float> raw(static_cast<size_t>(p.QueryElements()));
    const AttentionTensors tensors = {q, k, v, raw.data()};
    const ScoreMatrix matrix = {scores.data(), p.score_dtype};
    for (int64_t head = 0; head < p.heads; ++head) {
      for (int64_t row = 0; row < p.tokens; row += 96) {
        const RowBlock block = {head, row, p.tokens - row < 96 ? p.tokens - row : 96};
        if (flash) {
          kernels.flash(p, tensors, block, scratch.data());
          continue;
        }
        kernels.scores(p, tensors, block, p.scale, p.causal, matrix, scratch.data());
        kernels.softmax(matrix, matrix, head * p.tokens + row, block.rows, p.tokens);
        kernels.weigh(p, tensors, block, matrix, scratch.data());
      }
    }
    for (int64_t i = 0; i < p.QueryElements(); ++i) {
      const auto* bits = reinterpret_cast<const uint16_t*>(raw.data());
      out.push_back(p.dtype == DType::kFp32   ? raw[static_cast<size_t>(i)]
                    : p.dtype == DType::kFp16 ? Fp16ToFloat(bits[i])
                                              : Bf16ToFloat(bits[i]));
    }
  }
  return out;
}

}  // namespace

int main() {
  for (const DType dtype : {DType::kFp32, DType::kFp16, DType::kBf16}) {
    double worst = 0;
    for (const bool causal : {false, true}) {
      for (const int64_t tokens : {1, 17, 63, 64, 300}) {
        for (const int64_t head_dim : {16, 80, 128}) {
          AttentionProblem p;
          p.batch = 1;
          p.heads = 2;
          p.kv_heads = 1;
          p.tokens = tokens;
          p.head_dim = head_dim;
          p.causal = causal;
          p.scale = 0.2f;
          p.dtype = dtype;
          p.score_dtype = dtype;
          std::vector<float> numbers[3];
          uint32_t state = 1;
          for (int tensor = 0; tensor < 3; ++tensor) {
            const int64_t count = tensor == 0 ? p.QueryElements() : p.KeyElements();
            for (int64_t i = 0; i < count; ++i) {
              state = state * 1664525u + 1013904223u;
              numbers[tensor].push_back(static_cast<float>(state >> 8) / 8388608.0f - 1.0f);
            }
          }
          std::vector<uint16_t> halves[3];
          const void* data[3];
          for (int tensor = 0; tensor < 3; ++tensor) {
            halves[tensor] = Halves(numbers[tensor], dtype);
            data[tensor] = dtype == DType::kFp32 ? static_cast<const void*>(numbers[tensor].data())
                                                 : static_cast<const void*>(halves[tensor].data());
          }
          const auto ours = Outputs(*EmulatedKernels(), p, data[0], data[1], data[2]);
          const auto theirs = Outputs(*PortableKernels(), p, data[0], data[1], data[2]);
          double difference = 0;
          double size = 0;
          for (size_t i = 0; i < ours.size(); ++i) {
            difference += double(ours[i] - theirs[i]) * double(ours[i] - theirs[i]);
            size += double(theirs[i]) * double(theirs[i]);
          }
          // A comparison with NaN is false.
          const double error = std::sqrt(difference / size);
          if (!(error <= worst)) worst = error;
        }
      }
    }
    printf("%s %.3g\n", dtype == DType::kFp32 ? "fp32" : dtype == DType::kFp16 ? "fp16" : "bf16", worst);
  }
}
