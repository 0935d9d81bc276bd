#pragma once

#include <cstdint>
#include <cstring>

// Conversions of single 16-bit numbers, round to nearest even. For tails and for machines without an
// instruction.
namespace bytesper {

static inline uint32_t BitsOf(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

static inline float FloatOf(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

static inline float Bf16ToFloat(uint16_t bits) { return FloatOf(static_cast<uint32_t>(bits) << 16); }

static inline uint16_t FloatToBf16(float value) {
  const uint32_t bits = BitsOf(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

static inline float Fp16ToFloat(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t rest = bits & 0x7fffu;
  if (rest >= 0x7c00u) return FloatOf(sign | 0x7f800000u | ((rest & 0x3ffu) << 13));
  // Subnormals are whole multiples of 2^-24.
  if (rest < 0x400u) {
    const float magnitude = static_cast<float>(rest) * 5.9604644775390625e-8f;
    return FloatOf(sign | BitsOf(magnitude));
  }
  return FloatOf(sign | ((rest << 13) + 0x38000000u));
}

static inline uint16_t FloatToFp16(float value) {
  const uint32_t bits = BitsOf(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t rest = bits & 0x7fffffffu;
  if (rest > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  // 65520 and above round to infinity.
  if (rest >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);
  if (rest < 0x38800000u) {
    // Adding 0.5 puts the last place of the sum at 2^-24, the step of the subnormals.
    const float shifted = FloatOf(rest) + 0.5f;
    return static_cast<uint16_t>(sign | (BitsOf(shifted) - 0x3f000000u));
  }
  const uint32_t rounded = rest - 0x38000000u + 0xfffu + ((rest >> 13) & 1u);
  return static_cast<uint16_t>(sign | (rounded >> 13));
}

}  // namespace bytesper
