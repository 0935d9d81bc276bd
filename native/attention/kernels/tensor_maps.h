#pragma once

#include <cstdint>

#include "launch.h"
#include "params.h"

// The tensor maps of bytesper_flash_sm90_*, encoded on the host. Plain C++, no CUDA headers: the encoder is
// the driver's cuTensorMapEncodeTiled, found at run time; its enumerations are numbers here, as cuda.h gives
// them.

namespace bytesper::attention {

using EncodeTensorMap = int (*)(void* map, int type, uint32_t rank, void* address, const uint64_t* sizes,
                                const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides,
                                int interleave, int swizzle, int promotion, int fill);

inline constexpr int kMapFp16 = 6;
inline constexpr int kMapBf16 = 9;
inline constexpr int kMapNoInterleave = 0;
inline constexpr int kMapSwizzle128 = 3;
inline constexpr int kMapPromotion256 = 3;  // L2 fetches 256 bytes at a miss: rows of a tile are neighbours
inline constexpr int kMapFillZeros = 0;

// The sm_90a kernels count tiles in 32 bits, and their last round may go past the end by one grid.
constexpr bool Sm90CanCount(const FlashTile& tile, long long tokens, long long batch, long long heads) {
  return FlashBlocks(tile, tokens, batch, heads) < 1LL << 30;
}

// The driver's answer to the first map that it refuses, or 0. `params` is aligned to 128 bytes and its
// `attention` is filled in.
inline int EncodeSm90Maps(EncodeTensorMap encode, const FlashTile& tile, bool bfloat,
                          AttentionSm90Params* params) {
  const AttentionParams& a = params->attention;
  const auto one = [&](TensorMap* map, const void* tensor, int heads, int rows) {
    const uint64_t row_bytes = static_cast<uint64_t>(a.headDim) * 2;
    const uint64_t sizes[3] = {static_cast<uint64_t>(a.headDim), static_cast<uint64_t>(a.tokens),
                               static_cast<uint64_t>(a.batch) * static_cast<uint64_t>(heads)};
    const uint64_t strides[2] = {row_bytes, row_bytes * static_cast<uint64_t>(a.tokens)};
    const uint32_t box[3] = {static_cast<uint32_t>(kSm90BoxColumns), static_cast<uint32_t>(rows), 1};
    const uint32_t every_one[3] = {1, 1, 1};
    return encode(map, bfloat ? kMapBf16 : kMapFp16, 3, const_cast<void*>(tensor), sizes, strides, box,
                  every_one, kMapNoInterleave, kMapSwizzle128, kMapPromotion256, kMapFillZeros);
  };
  int status = one(&params->q_map, a.q, a.heads, tile.queryRows);
  if (status == 0) status = one(&params->k_map, a.k, a.kvHeads, tile.keyRows);
  if (status == 0) status = one(&params->v_map, a.v, a.kvHeads, tile.keyRows);
  return status;
}

}  // namespace bytesper::attention
