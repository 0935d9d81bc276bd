#pragma once

#include <cstdint>
#include <cstring>

// Static on the host: the host kernels are compiled once for each instruction set, and code for one must not
// stand in for another's.
#if defined(__CUDACC__)
#define BYTESPER_FP8 static __host__ __device__ __forceinline__
#else
#define BYTESPER_FP8 static inline
#endif

// The 8-bit format e4m3 of key/value caches, for kernels and host: sign, 4 bits of exponent with bias 7, 3
// bits of mantissa. No infinities; 0x7f and 0xff are NaN; the largest number is 448 and the smallest above
// zero is 2^-9.

namespace bytesper::attention {

BYTESPER_FP8 float Fp8FloatOf(uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(bits);
#else
  float value;
  memcpy(&value, &bits, 4);
  return value;
#endif
}

BYTESPER_FP8 uint32_t Fp8BitsOf(float value) {
#if defined(__CUDA_ARCH__)
  return __float_as_uint(value);
#else
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
#endif
}

// Exact. Below 2^-6 the mantissa m stands for m * 2^-9 = 2^-6 (1 + m / 8) - 2^-6, which needs no subnormal
// numbers of fp32: these are slow on some processors. Masks in place of conditions, so that compilers make
// vectors of it.
BYTESPER_FP8 float E4m3ToFloat(uint8_t bits) {
  const uint32_t rest = bits & 0x7fu;
  const uint32_t normal = (rest << 20) + (120u << 23);
  const uint32_t small = Fp8BitsOf(Fp8FloatOf((rest << 20) + (121u << 23)) - 0.015625f);
  const uint32_t is_small = 0u - static_cast<uint32_t>(rest < 8u);
  const uint32_t is_nan = 0u - static_cast<uint32_t>(rest == 0x7fu);
  const uint32_t size = (small & is_small) | (normal & ~is_small) | (0x7fc00000u & is_nan);
  return Fp8FloatOf(size | static_cast<uint32_t>(bits & 0x80u) << 24);
}

// Rounds to nearest, ties to even; beyond 448 the result is +-448, for a cache must not hold NaN where a
// number was.
BYTESPER_FP8 uint8_t FloatToE4m3(float value) {
  const uint32_t bits = Fp8BitsOf(value);
  const uint32_t sign = bits >> 24 & 0x80u;
  const uint32_t rest = bits & 0x7fffffffu;
  if (rest > 0x7f800000u) return static_cast<uint8_t>(sign | 0x7fu);
  if (rest >= 0x43e00000u) return static_cast<uint8_t>(sign | 0x7eu);  // 448
  if (rest < 0x3c800000u) {                                            // 2^-6
    // Adding 2^14 puts the last place of the sum at 2^-9.
    const float shifted = Fp8FloatOf(rest) + 16384.0f;
    return static_cast<uint8_t>(sign | (Fp8BitsOf(shifted) - 0x46800000u));
  }
  const uint32_t rounded = rest - (120u << 23) + 0x7ffffu + (rest >> 20 & 1u);
  return static_cast<uint8_t>(sign | (rounded >> 20));
}

}  // namespace bytesper::attention

#undef BYTESPER_FP8
