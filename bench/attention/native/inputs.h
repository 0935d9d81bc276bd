#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace peers {

// As in ../inputs.mjs, bit for bit, so that all peers multiply the same numbers.
inline uint32_t Mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

// The sum of eight uniform numbers of 16 bits, scaled to mean 0 and variance 1; only whole numbers are added.
inline float Normal(uint32_t seed, uint32_t index) {
  constexpr float kInverseDeviation = 1.0f / 53509.85f;
  int32_t sum = -8 * 65535 / 2;
  for (uint32_t part = 0; part < 4; ++part) {
    const uint32_t bits = Mix(seed ^ Mix(4 * index + part));
    sum += static_cast<int32_t>((bits & 0xffffu) + (bits >> 16));
  }
  return static_cast<float>(sum) * kInverseDeviation;
}

inline std::vector<float> NormalValues(uint32_t seed, int64_t count) {
  const uint32_t mixed = Mix(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    values[static_cast<size_t>(i)] = Normal(mixed, static_cast<uint32_t>(i));
  }
  return values;
}

}  // namespace peers
