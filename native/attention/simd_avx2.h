#pragma once

// Include after the target pragma of the file.

#include <immintrin.h>

#include <cstdint>

namespace bytesper {
namespace {

// Eight fp32 lanes. 6 x 2 accumulators leave 4 of the 16 registers for operands.
struct Vec {
  static constexpr int kLanes = 8;
  static constexpr int kTileRows = 6;
  static constexpr int kTileVecs = 2;

  __m256 lanes;

  static inline Vec Zero() { return {_mm256_setzero_ps()}; }
  static inline Vec All(float value) { return {_mm256_set1_ps(value)}; }
  static inline Vec Load(const float* from) { return {_mm256_loadu_ps(from)}; }
  static inline Vec LoadFp16(const uint16_t* from) {
    return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))};
  }
  static inline Vec LoadBf16(const uint16_t* from) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16))};
  }
  inline void Store(float* to) const { _mm256_storeu_ps(to, lanes); }
  inline void StoreFp16(uint16_t* to) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(lanes, _MM_FROUND_TO_NEAREST_INT));
  }
  // a * b + c
  static inline Vec Fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.lanes, b.lanes, c.lanes)}; }
  static inline Vec Add(Vec a, Vec b) { return {_mm256_add_ps(a.lanes, b.lanes)}; }
  static inline Vec Sub(Vec a, Vec b) { return {_mm256_sub_ps(a.lanes, b.lanes)}; }
  static inline Vec Mul(Vec a, Vec b) { return {_mm256_mul_ps(a.lanes, b.lanes)}; }
  static inline Vec Max(Vec a, Vec b) { return {_mm256_max_ps(a.lanes, b.lanes)}; }
  inline float Largest() const {
    const __m128 half = _mm_max_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
    const __m128 pair = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
  }
  inline float Sum() const {
    const __m128 half = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
    const __m128 pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
  }
  static inline Vec Round(Vec a) {
    return {_mm256_round_ps(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
  }
  // a * 2^power for whole powers; below 2^-126 the result is 0.
  static inline Vec Scale(Vec a, Vec power) {
    const __m256 in_range = _mm256_max_ps(power.lanes, _mm256_set1_ps(-127.0f));
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(in_range), _mm256_set1_epi32(127));
    return {_mm256_mul_ps(a.lanes, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)))};
  }
};

// Writes the transpose of 8 rows, `from` + r * stride, as 8 rows of `to` that are `to_stride` apart.
inline void TransposeTile(const float* from, int64_t stride, float* to, int64_t to_stride) {
  __m256 r[8];
  __m256 t[8];
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + i * stride);
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int g = 0; g < 8; g += 4) {
    r[g + 0] = _mm256_shuffle_ps(t[g + 0], t[g + 2], 0x44);
    r[g + 1] = _mm256_shuffle_ps(t[g + 0], t[g + 2], 0xee);
    r[g + 2] = _mm256_shuffle_ps(t[g + 1], t[g + 3], 0x44);
    r[g + 3] = _mm256_shuffle_ps(t[g + 1], t[g + 3], 0xee);
  }
  for (int c = 0; c < 4; ++c) {
    _mm256_storeu_ps(to + c * to_stride, _mm256_permute2f128_ps(r[c], r[c + 4], 0x20));
    _mm256_storeu_ps(to + (c + 4) * to_stride, _mm256_permute2f128_ps(r[c], r[c + 4], 0x31));
  }
}

}  // namespace
}  // namespace bytesper
