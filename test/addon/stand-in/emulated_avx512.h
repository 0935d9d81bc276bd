// The AVX-512 intrinsics that simd_avx512.h uses, lane by lane as Intel's Intrinsics Guide describes them, so
// that its code can be checked on processors without them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "../../../native/attention/half.h"

struct __m512 {
  float f[16];
};
struct __m512i {
  uint32_t u[16];
};
struct __m256i {
  uint16_t h[16];
};

constexpr int _MM_FROUND_TO_NEAREST_INT = 0;
constexpr int _MM_FROUND_NO_EXC = 8;

template <typename Function>
static inline __m512 EachLane(Function function) {
  __m512 out;
  for (int i = 0; i < 16; ++i) out.f[i] = function(i);
  return out;
}

static inline __m512 _mm512_setzero_ps() {
  return EachLane([](int) { return 0.0f; });
}
static inline __m512 _mm512_set1_ps(float value) {
  return EachLane([=](int) { return value; });
}
static inline __m512 _mm512_loadu_ps(const float* from) {
  return EachLane([=](int i) { return from[i]; });
}
static inline void _mm512_storeu_ps(float* to, __m512 a) { memcpy(to, a.f, sizeof(a.f)); }
static inline __m256i _mm256_loadu_si256(const __m256i* from) {
  __m256i out;
  memcpy(out.h, from, sizeof(out.h));
  return out;
}
static inline void _mm256_storeu_si256(__m256i* to, __m256i a) { memcpy(to, a.h, sizeof(a.h)); }
static inline __m512 _mm512_cvtph_ps(__m256i a) {
  return EachLane([&](int i) { return bytesper::Fp16ToFloat(a.h[i]); });
}
static inline __m256i _mm512_cvtps_ph(__m512 a, int) {
  __m256i out;
  for (int i = 0; i < 16; ++i) out.h[i] = bytesper::FloatToFp16(a.f[i]);
  return out;
}
static inline __m512i _mm512_cvtepu16_epi32(__m256i a) {
  __m512i out;
  for (int i = 0; i < 16; ++i) out.u[i] = a.h[i];
  return out;
}
static inline __m512i _mm512_slli_epi32(__m512i a, unsigned count) {
  for (uint32_t& lane : a.u) lane = count > 31 ? 0 : lane << count;
  return a;
}
static inline __m512 _mm512_castsi512_ps(__m512i a) {
  __m512 out;
  memcpy(out.f, a.u, sizeof(out.f));
  return out;
}
static inline __m512 _mm512_fmadd_ps(__m512 a, __m512 b, __m512 c) {
  return EachLane([&](int i) { return std::fma(a.f[i], b.f[i], c.f[i]); });
}
static inline __m512 _mm512_add_ps(__m512 a, __m512 b) {
  return EachLane([&](int i) { return a.f[i] + b.f[i]; });
}
static inline __m512 _mm512_sub_ps(__m512 a, __m512 b) {
  return EachLane([&](int i) { return a.f[i] - b.f[i]; });
}
static inline __m512 _mm512_mul_ps(__m512 a, __m512 b) {
  return EachLane([&](int i) { return a.f[i] * b.f[i]; });
}
static inline __m512 _mm512_max_ps(__m512 a, __m512 b) {
  return EachLane([&](int i) { return a.f[i] > b.f[i] ? a.f[i] : b.f[i]; });
}
static inline float _mm512_reduce_max_ps(__m512 a) {
  float most = a.f[0];
  for (const float lane : a.f) most = lane > most ? lane : most;
  return most;
}
static inline float _mm512_reduce_add_ps(__m512 a) {
  float sum = 0;
  for (const float lane : a.f) sum += lane;
  return sum;
}
static inline __m512 _mm512_roundscale_ps(__m512 a, int) {
  return EachLane([&](int i) { return std::nearbyint(a.f[i]); });
}
// a * 2^floor(b)
static inline __m512 _mm512_scalef_ps(__m512 a, __m512 b) {
  return EachLane([&](int i) { return static_cast<float>(a.f[i] * std::exp2(std::floor(double{b.f[i]}))); });
}
// In each group of four lanes: the lower, or the upper, two of a and b in turn.
static inline __m512 _mm512_unpacklo_ps(__m512 a, __m512 b) {
  return EachLane([&](int i) { return (i % 2 == 0 ? a : b).f[i / 4 * 4 + i % 4 / 2]; });
}
static inline __m512 _mm512_unpackhi_ps(__m512 a, __m512 b) {
  return EachLane([&](int i) { return (i % 2 == 0 ? a : b).f[i / 4 * 4 + 2 + i % 4 / 2]; });
}
// In each group of four lanes: two of a, then two of b, chosen by the four pairs of bits.
static inline __m512 _mm512_shuffle_ps(__m512 a, __m512 b, unsigned choice) {
  return EachLane([&](int i) {
    const unsigned lane = choice >> (2 * (i % 4)) & 3;
    return (i % 4 < 2 ? a : b).f[i / 4 * 4 + static_cast<int>(lane)];
  });
}
// Two groups of four lanes of a, then two of b, chosen by the four pairs of bits.
static inline __m512 _mm512_shuffle_f32x4(__m512 a, __m512 b, unsigned choice) {
  return EachLane([&](int i) {
    const unsigned group = choice >> (2 * (i / 4)) & 3;
    return (i / 4 < 2 ? a : b).f[4 * static_cast<int>(group) + i % 4];
  });
}
