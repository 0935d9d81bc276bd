#pragma once

#include <cmath>
#include <cstdint>

#include "half.h"

namespace bytesper {
namespace {

// Four fp32 lanes in plain C++, for processors without a file of their own; compilers turn the loops into
// vector instructions where there are some.
struct Vec {
  static constexpr int kLanes = 4;
  static constexpr int kTileRows = 4;
  static constexpr int kTileVecs = 2;

  float lanes[4];

  template <typename Function>
  static inline Vec Each(Function function) {
    Vec out;
    for (int i = 0; i < 4; ++i) out.lanes[i] = function(i);
    return out;
  }
  static inline Vec Zero() { return All(0); }
  static inline Vec All(float value) { return {{value, value, value, value}}; }
  static inline Vec Load(const float* from) { return {{from[0], from[1], from[2], from[3]}}; }
  static inline Vec LoadFp16(const uint16_t* from) {
    return Each([=](int i) { return Fp16ToFloat(from[i]); });
  }
  static inline Vec LoadBf16(const uint16_t* from) {
    return Each([=](int i) { return Bf16ToFloat(from[i]); });
  }
  inline void Store(float* to) const {
    for (int i = 0; i < 4; ++i) to[i] = lanes[i];
  }
  inline void StoreFp16(uint16_t* to) const {
    for (int i = 0; i < 4; ++i) to[i] = FloatToFp16(lanes[i]);
  }
  // a * b + c
  static inline Vec Fma(Vec a, Vec b, Vec c) {
    return Each([&](int i) { return a.lanes[i] * b.lanes[i] + c.lanes[i]; });
  }
  static inline Vec Add(Vec a, Vec b) {
    return Each([&](int i) { return a.lanes[i] + b.lanes[i]; });
  }
  static inline Vec Sub(Vec a, Vec b) {
    return Each([&](int i) { return a.lanes[i] - b.lanes[i]; });
  }
  static inline Vec Mul(Vec a, Vec b) {
    return Each([&](int i) { return a.lanes[i] * b.lanes[i]; });
  }
  static inline Vec Max(Vec a, Vec b) {
    return Each([&](int i) { return a.lanes[i] > b.lanes[i] ? a.lanes[i] : b.lanes[i]; });
  }
  inline float Largest() const {
    const float low = lanes[0] > lanes[1] ? lanes[0] : lanes[1];
    const float high = lanes[2] > lanes[3] ? lanes[2] : lanes[3];
    return low > high ? low : high;
  }
  inline float Sum() const { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }
  static inline Vec Round(Vec a) {
    return Each([&](int i) { return nearbyintf(a.lanes[i]); });
  }
  // a * 2^power for whole powers; below 2^-126 the result is 0.
  static inline Vec Scale(Vec a, Vec power) {
    return Each([&](int i) {
      const float in_range = power.lanes[i] > -127.0f ? power.lanes[i] : -127.0f;
      return a.lanes[i] * FloatOf(static_cast<uint32_t>(static_cast<int>(in_range) + 127) << 23);
    });
  }
};

// Writes the transpose of 4 rows, `from` + r * stride, as 4 rows of `to` that are `to_stride` apart.
inline void TransposeTile(const float* from, int64_t stride, float* to, int64_t to_stride) {
  for (int r = 0; r < 4; ++r) {
    for (int c = 0; c < 4; ++c) to[c * to_stride + r] = from[r * stride + c];
  }
}

}  // namespace
}  // namespace bytesper
