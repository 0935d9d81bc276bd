#pragma once

// Shared by the kernels and the host, so that both make the same inputs from a seed.

#if defined(__CUDACC__)
#define BYTESPER_ANYWHERE __host__ __device__ __forceinline__
#else
#define BYTESPER_ANYWHERE inline
#endif

namespace bytesper::attention {

// Well mixed 64 bits from a counter: multiply and fold, twice.
BYTESPER_ANYWHERE unsigned long long Mix(unsigned long long x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  return x ^ (x >> 32);
}

// The sum of four 16-bit uniforms, centred and scaled to variance 1. Integers up to the last product, so that
// every machine makes the same number. Nothing lies beyond +-3.47.
BYTESPER_ANYWHERE float RoughlyNormal(unsigned long long seed, unsigned long long index) {
  const unsigned long long bits = Mix(Mix(seed + 0x9e3779b97f4a7c15ULL) + index * 0x9e3779b97f4a7c15ULL);
  const int sum =
      static_cast<int>((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
  constexpr float kScale = 2.6429105e-5f;  // sqrt(3) / 65536
  return static_cast<float>(sum - 131070) * kScale;
}

// Queries, keys and values of one seed are three streams of numbers.
constexpr unsigned long long StreamSeed(unsigned long long seed, unsigned long long stream) {
  return 4 * seed + stream;
}

}  // namespace bytesper::attention
