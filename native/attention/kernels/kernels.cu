// Every kernel of the fat binary, by its exported name. launch.h says how to launch each.
//
// One image a target, as CMakeLists.txt has it: nvcc -std=c++17 -O3 -cubin -Xptxas -v -arch=sm_N kernels.cu,
// for N of 75, 80, 90a, 100 and 120, and the PTX of compute_80; fatbinary packs them.

#include "decode.cuh"
#include "elements.cuh"
#include "flash_fp32.cuh"
#include "flash_sm75.cuh"
#include "flash_sm80.cuh"
#include "flash_sm90.cuh"
#include "naive.cuh"
#include "softmax.cuh"

// 1 where mma.sync m16n8k16, bf16 products and cp.async exist.
#if defined(BYTESPER_EMULATE) || (defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800)
#define BYTESPER_SM80 1
#else
#define BYTESPER_SM80 0
#endif

using bytesper::attention::AttentionParams;
using bytesper::attention::AttentionSm90Params;
using bytesper::attention::DecodeParams;
using bytesper::attention::ElementParams;
using bytesper::attention::StreamParams;

namespace bytesper::attention {

template <class T, class Score>
__device__ __forceinline__ void Scores(const AttentionParams& params) {
#if BYTESPER_SM80
  if constexpr (sizeof(typename T::Element) == 2) return ScoresMma<T, Score>(params);
#endif
  return ScoresFma<T, Score>(params);
}

template <class T, class Score>
__device__ __forceinline__ void Values(const AttentionParams& params) {
#if BYTESPER_SM80
  if constexpr (sizeof(typename T::Element) == 2) return ValuesMma<T, Score>(params);
#endif
  return ValuesFma<T, Score>(params);
}

// Below sm_80 the kernel is there by name alone; minArch in launch.h keeps hosts from launching it.
template <class T, int kDim, bool kCausal>
__device__ __forceinline__ void FlashSm80OrTrap(const AttentionParams& params) {
#if BYTESPER_SM80
  FlashSm80<T, kDim, kCausal>(params);
#else
  __trap();
#endif
}

template <class T, int kDim, bool kCausal>
__device__ __forceinline__ void FlashSm90OrTrap(const AttentionSm90Params& params) {
#if defined(BYTESPER_EMULATE) || BYTESPER_SM90A
  FlashSm90<T, kDim, kCausal>(params);
#else
  __trap();
#endif
}

}  // namespace bytesper::attention

namespace attention = bytesper::attention;

// ---- The naive chain ----

#define PRODUCTS(names, T, Score)                                                                           \
  extern "C" __global__ void __launch_bounds__(256) bytesper_scores_##names(const AttentionParams params) { \
    attention::Scores<attention::T, attention::Score>(params);                                              \
  }                                                                                                         \
  extern "C" __global__ void __launch_bounds__(256) bytesper_values_##names(const AttentionParams params) { \
    attention::Values<attention::T, attention::Score>(params);                                              \
  }
PRODUCTS(fp32_fp32, Fp32, Fp32)
PRODUCTS(fp16_fp32, Fp16, Fp32)
PRODUCTS(fp16_fp16, Fp16, Fp16)
PRODUCTS(bf16_fp32, Bf16, Fp32)
PRODUCTS(bf16_bf16, Bf16, Bf16)

#define SOFTMAX(name, T)                                                                                    \
  extern "C" __global__ void __launch_bounds__(256) bytesper_softmax_##name(const AttentionParams params) { \
    attention::Softmax<attention::T, attention::T>(params, params.scores);                                  \
  }                                                                                                         \
  extern "C" __global__ void __launch_bounds__(256)                                                         \
      bytesper_softmax_to_f32_##name(const AttentionParams params) {                                        \
    attention::Softmax<attention::T, attention::Fp32>(params, params.out);                                  \
  }
SOFTMAX(fp32, Fp32)
SOFTMAX(fp16, Fp16)
SOFTMAX(bf16, Bf16)

// ---- Flash ----

#define FLASH(name, Body, tile, blocks, ...)                                    \
  extern "C" __global__ void __launch_bounds__(attention::tile.threads, blocks) \
      bytesper_flash_##name##_full(const AttentionParams params) {              \
    attention::Body<__VA_ARGS__, false>(params);                                \
  }                                                                             \
  extern "C" __global__ void __launch_bounds__(attention::tile.threads, blocks) \
      bytesper_flash_##name##_causal(const AttentionParams params) {            \
    attention::Body<__VA_ARGS__, true>(params);                                 \
  }
FLASH(fp16_d64, FlashSm80OrTrap, kFlashSm80D64, 2, attention::Fp16, 64)
FLASH(fp16_d128, FlashSm80OrTrap, kFlashSm80D128, 2, attention::Fp16, 128)
FLASH(bf16_d64, FlashSm80OrTrap, kFlashSm80D64, 2, attention::Bf16, 64)
FLASH(bf16_d128, FlashSm80OrTrap, kFlashSm80D128, 2, attention::Bf16, 128)
FLASH(sm75_fp16_d64, FlashSm75, kFlashSm75D64, 1, 64)
FLASH(sm75_fp16_d128, FlashSm75, kFlashSm75D128, 1, 128)
FLASH(fp32_d64, FlashFp32, kFlashFp32D64, 2, 64)
FLASH(fp32_d128, FlashFp32, kFlashFp32D128, 2, 128)

#define FLASH_SM90(name, tile, ...)                                                             \
  extern "C" __global__ void __launch_bounds__(attention::tile.threads, 1)                      \
      bytesper_flash_sm90_##name##_full(const __grid_constant__ AttentionSm90Params params) {   \
    attention::FlashSm90OrTrap<__VA_ARGS__, false>(params);                                     \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(attention::tile.threads, 1)                      \
      bytesper_flash_sm90_##name##_causal(const __grid_constant__ AttentionSm90Params params) { \
    attention::FlashSm90OrTrap<__VA_ARGS__, true>(params);                                      \
  }
FLASH_SM90(fp16_d64, kFlashSm90D64, attention::Fp16, 64)
FLASH_SM90(fp16_d128, kFlashSm90D128Full, attention::Fp16, 128)
FLASH_SM90(bf16_d64, kFlashSm90D64, attention::Bf16, 64)
FLASH_SM90(bf16_d128, kFlashSm90D128Full, attention::Bf16, 128)

// ---- Decode: see decode_launch.h ----

#define DECODE(name, T, Cache, kDim)                                                     \
  extern "C" __global__ void __launch_bounds__(128)                                      \
      bytesper_decode_##name##_d##kDim(const DecodeParams params) {                      \
    attention::Decode<attention::T, attention::Cache, kDim, BYTESPER_SM80 == 1>(params); \
  }
#define DECODE_DIMS(name, T, Cache) \
  DECODE(name, T, Cache, 64)        \
  DECODE(name, T, Cache, 128)       \
  DECODE(name, T, Cache, 256)
DECODE_DIMS(fp16_fp16, Fp16, Fp16)
DECODE_DIMS(bf16_bf16, Bf16, Bf16)
DECODE_DIMS(fp16_fp8, Fp16, Fp8)
DECODE_DIMS(bf16_fp8, Bf16, Fp8)

#define DECODE_JOIN(name, T)                                                                                 \
  extern "C" __global__ void __launch_bounds__(128) bytesper_decode_join_##name(const DecodeParams params) { \
    attention::DecodeJoin<attention::T>(params);                                                             \
  }
DECODE_JOIN(fp16, Fp16)
DECODE_JOIN(bf16, Bf16)

extern "C" __global__ void __launch_bounds__(256) bytesper_stream_read(const StreamParams params) {
  attention::StreamRead(params);
}

// ---- Element-wise ----

#define ELEMENTS(name, Body, ...)                                                                 \
  extern "C" __global__ void __launch_bounds__(256) bytesper_##name(const ElementParams params) { \
    attention::Body<__VA_ARGS__>(params);                                                         \
  }
ELEMENTS(cast_fp16, Convert, attention::Fp32, attention::Fp16)
ELEMENTS(cast_bf16, Convert, attention::Fp32, attention::Bf16)
ELEMENTS(widen_fp16, Convert, attention::Fp16, attention::Fp32)
ELEMENTS(widen_bf16, Convert, attention::Bf16, attention::Fp32)
ELEMENTS(fill_normal_fp32, FillNormal, attention::Fp32)
ELEMENTS(fill_normal_fp16, FillNormal, attention::Fp16)
ELEMENTS(fill_normal_bf16, FillNormal, attention::Bf16)
ELEMENTS(fill_normal_fp8, FillNormal, attention::Fp8)
