#pragma once

// Include after the target pragma of the file.

#if defined(BYTESPER_EMULATED_AVX512)
#include "emulated_avx512.h"
#else
#include <immintrin.h>
#endif

#include <cstdint>

namespace bytesper {
namespace {

// Sixteen fp32 lanes. 6 x 4 accumulators leave 8 of the 32 registers for operands.
struct Vec {
  static constexpr int kLanes = 16;
  static constexpr int kTileRows = 6;
  static constexpr int kTileVecs = 4;

  __m512 lanes;

  static inline Vec Zero() { return {_mm512_setzero_ps()}; }
  static inline Vec All(float value) { return {_mm512_set1_ps(value)}; }
  static inline Vec Load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static inline Vec LoadFp16(const uint16_t* from) {
    return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)))};
  }
  static inline Vec LoadBf16(const uint16_t* from) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16))};
  }
  inline void Store(float* to) const { _mm512_storeu_ps(to, lanes); }
  inline void StoreFp16(uint16_t* to) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtps_ph(lanes, _MM_FROUND_TO_NEAREST_INT));
  }
  // a * b + c
  static inline Vec Fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes)}; }
  static inline Vec Add(Vec a, Vec b) { return {_mm512_add_ps(a.lanes, b.lanes)}; }
  static inline Vec Sub(Vec a, Vec b) { return {_mm512_sub_ps(a.lanes, b.lanes)}; }
  static inline Vec Mul(Vec a, Vec b) { return {_mm512_mul_ps(a.lanes, b.lanes)}; }
  static inline Vec Max(Vec a, Vec b) { return {_mm512_max_ps(a.lanes, b.lanes)}; }
  inline float Largest() const { return _mm512_reduce_max_ps(lanes); }
  inline float Sum() const { return _mm512_reduce_add_ps(lanes); }
  static inline Vec Round(Vec a) {
    return {_mm512_roundscale_ps(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
  }
  // a * 2^power for whole powers.
  static inline Vec Scale(Vec a, Vec power) { return {_mm512_scalef_ps(a.lanes, power.lanes)}; }
};

// Writes the transpose of 16 rows, `from` + r * stride, as 16 rows of `to` that are `to_stride` apart.
inline void TransposeTile(const float* from, int64_t stride, float* to, int64_t to_stride) {
  __m512 r[16];
  __m512 t[16];
  for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_ps(from + i * stride);
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  // Each 128-bit lane of r[4g + c] now holds column c (mod 4) of the rows 4g to 4g + 3.
  for (int g = 0; g < 16; g += 4) {
    r[g + 0] = _mm512_shuffle_ps(t[g + 0], t[g + 2], 0x44);
    r[g + 1] = _mm512_shuffle_ps(t[g + 0], t[g + 2], 0xee);
    r[g + 2] = _mm512_shuffle_ps(t[g + 1], t[g + 3], 0x44);
    r[g + 3] = _mm512_shuffle_ps(t[g + 1], t[g + 3], 0xee);
  }
  for (int c = 0; c < 4; ++c) {
    const __m512 low01 = _mm512_shuffle_f32x4(r[c], r[c + 4], 0x88);
    const __m512 high01 = _mm512_shuffle_f32x4(r[c], r[c + 4], 0xdd);
    const __m512 low23 = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0x88);
    const __m512 high23 = _mm512_shuffle_f32x4(r[c + 8], r[c + 12], 0xdd);
    _mm512_storeu_ps(to + (c + 0) * to_stride, _mm512_shuffle_f32x4(low01, low23, 0x88));
    _mm512_storeu_ps(to + (c + 4) * to_stride, _mm512_shuffle_f32x4(high01, high23, 0x88));
    _mm512_storeu_ps(to + (c + 8) * to_stride, _mm512_shuffle_f32x4(low01, low23, 0xdd));
    _mm512_storeu_ps(to + (c + 12) * to_stride, _mm512_shuffle_f32x4(high01, high23, 0xdd));
  }
}

}  // namespace
}  // namespace bytesper
