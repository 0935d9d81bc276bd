#pragma once

#include "fp8.h"
#include "ptx.cuh"

#ifndef BYTESPER_EMULATE
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

// The element types. 16-bit and 8-bit values travel as raw bits, so that one kernel text serves all formats.

namespace bytesper::attention {

struct Fp32 {
  using Element = float;
  static __device__ __forceinline__ float Widen(float value) { return value; }
  static __device__ __forceinline__ float Narrow(float value) { return value; }
};

struct Fp16 {
  using Element = uint16_t;
#ifdef BYTESPER_EMULATE
  static float Widen(uint16_t bits) { return emulation::HalfToFloat(bits); }
  static uint16_t Narrow(float value) { return emulation::FloatToHalf(value); }
  static uint32_t Pack(float low, float high) { return Narrow(low) | uint32_t{Narrow(high)} << 16; }
#else
  static __device__ __forceinline__ float Widen(uint16_t bits) {
    return __half2float(__ushort_as_half(bits));
  }
  static __device__ __forceinline__ uint16_t Narrow(float value) {
    return __half_as_ushort(__float2half_rn(value));
  }
  static __device__ __forceinline__ uint32_t Pack(float low, float high) {
    const __half2 pair = __floats2half2_rn(low, high);
    return *reinterpret_cast<const uint32_t*>(&pair);
  }
#endif
};

struct Bf16 {
  using Element = uint16_t;
#ifdef BYTESPER_EMULATE
  static float Widen(uint16_t bits) { return emulation::BfloatToFloat(bits); }
  static uint16_t Narrow(float value) { return emulation::FloatToBfloat(value); }
  static uint32_t Pack(float low, float high) { return Narrow(low) | uint32_t{Narrow(high)} << 16; }
#else
  static __device__ __forceinline__ float Widen(uint16_t bits) {
    return __uint_as_float(static_cast<uint32_t>(bits) << 16);
  }
  static __device__ __forceinline__ uint16_t Narrow(float value) {
    return __bfloat16_as_ushort(__float2bfloat16_rn(value));
  }
  static __device__ __forceinline__ uint32_t Pack(float low, float high) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<const uint32_t*>(&pair);
  }
#endif
};

// e4m3, of caches alone: nothing is computed in it.
struct Fp8 {
  using Element = uint8_t;
  static __device__ __forceinline__ float Widen(uint8_t bits) { return E4m3ToFloat(bits); }
  static __device__ __forceinline__ uint8_t Narrow(float value) { return FloatToE4m3(value); }
};

}  // namespace bytesper::attention
