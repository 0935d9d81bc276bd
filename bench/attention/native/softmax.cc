// A file of its own because it is compiled with -ffast-math, under which the checks of the others would let
// NaN pass.
#include "softmax.h"

#include <cmath>
#include <cstring>

namespace peers {
namespace {

// 2^whole * e^rest with |rest| <= ln(2) / 2, where the series has an error of 1.2e-7.
inline float Exp(float x) {
  constexpr float kLog2E = 1.442695041f;
  constexpr float kLn2 = 0.6931471806f;
  const float scaled = (x > -87.0f ? x : -87.0f) * kLog2E;
  const float whole = std::nearbyint(scaled);
  const float rest = (scaled - whole) * kLn2;
  float series = 1.0f / 720;
  series = series * rest + 1.0f / 120;
  series = series * rest + 1.0f / 24;
  series = series * rest + 1.0f / 6;
  series = series * rest + 0.5f;
  series = series * rest + 1.0f;
  series = series * rest + 1.0f;
  const int32_t bits = (static_cast<int32_t>(whole) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return series * power;
}

}  // namespace

float SoftmaxNumerators(float* scores, int64_t count) {
  float largest = scores[0];
  for (int64_t i = 1; i < count; ++i) largest = scores[i] > largest ? scores[i] : largest;
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    scores[i] = Exp(scores[i] - largest);
    sum += scores[i];
  }
  return sum;
}

void Scale(float* values, int64_t count, float factor) {
  for (int64_t i = 0; i < count; ++i) values[i] *= factor;
}

}  // namespace peers
