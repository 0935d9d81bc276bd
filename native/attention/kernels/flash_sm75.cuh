#pragma once

#include <type_traits>

#include "flash_warp.cuh"
#include "launch.h"

// Forward attention for sm_75, which has tensor cores for fp16 and ldmatrix, but neither cp.async nor the
// 16-deep product. Eight warps of 16 rows; Q in registers; K and V pass through registers, loaded a phase
// before they are stored. It runs on every later device too.

namespace bytesper::attention {

template <int kDim, bool kCausal>
__device__ __forceinline__ void FlashSm75(const AttentionParams& params) {
  constexpr FlashTile kTile = kDim == 64 ? kFlashSm75D64 : kFlashSm75D128;
  constexpr int kM = kTile.queryRows;
  constexpr int kN = kTile.keyRows;
  constexpr int kWarpRows = kM / (kTile.threads / 32);
  static_assert(kWarpRows == 16, "one row tile a warp");
  using Warp = FlashWarp<Fp16, MmaSm75Fp16, 1, kN, kDim>;
  using CopyQuery = TileCopy<kM, kDim, kTile.threads>;
  using CopyKeys = TileCopy<kN, kDim, kTile.threads>;

  const QueryTile tile = QueryTileOf<kM, kCausal>(FlatBlock(), params);
  if (!tile.exists) return;
  const int tokens = static_cast<int>(params.tokens);
  const int head_dim = params.headDim;
  const KeySteps steps = KeyStepsOf<kM, kN, kCausal>(tokens, tile.first_row);
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp_row = static_cast<int>(threadIdx.x) / 32 * kWarpRows;

  const long long first_query = tile.head * params.tokens + tile.first_row;
  const long long first_key = tile.key_head * params.tokens;
  const uint16_t* query_gmem =
      static_cast<const uint16_t*>(params.q) + first_query * head_dim;  // [kM, head_dim]
  const uint16_t* key_gmem =
      static_cast<const uint16_t*>(params.k) + first_key * head_dim;  // [tokens, head_dim]
  const uint16_t* value_gmem = static_cast<const uint16_t*>(params.v) + first_key * head_dim;

  constexpr int kKeyBytes = kN * kDim * 2;
  static_assert(2 * kKeyBytes == kTile.sharedBytes && kM <= 2 * kN, "launch.h and the kernel must agree");
  char* const rows_smem = SharedBase();           // [kM, kDim], Q before the loop and O after it; in between:
  char* const key_smem = rows_smem;               // [kN, kDim]
  char* const value_smem = key_smem + kKeyBytes;  // [kN, kDim]
  const uint32_t key_lane_smem = LaneColumnsFirst<kDim>(SharedAddress(key_smem), lane);
  const uint32_t value_lane_smem = LaneRowsFirst<kDim>(SharedAddress(value_smem), lane);

  uint32_t query_reg[kDim / 16][4];
  {
    CopyQuery query;
    query.Load(query_gmem, tokens - tile.first_row, head_dim);
    query.Store(rows_smem);
    __syncthreads();  // write -> read: every thread's part of Q is there
    const uint32_t lane_smem = LaneRowsFirst<kDim>(SharedAddress(rows_smem + warp_row * kDim * 2), lane);
#pragma unroll
    for (int d = 0; d < kDim / 16; ++d) LdMatrixX4(query_reg[d], lane_smem ^ ColumnStep(d));
    __syncthreads();  // read -> write: all warps have taken their Q, K may overwrite it
  }
  const auto read_query = [&](uint32_t(&fragment)[4], int, int sixteen) {
#pragma unroll
    for (int r = 0; r < 4; ++r) fragment[r] = query_reg[sixteen][r];
  };

  Warp warp;
  warp.Start(params.scale);

  CopyKeys copy;
  copy.Load(key_gmem, tokens, head_dim);
  copy.Store(key_smem);

  const auto take_step = [&](int step, auto masked) {
    // write -> read: K of this step is there. read -> write: all warps are past the sum over the last V.
    __syncthreads();
    copy.Load(value_gmem + static_cast<long long>(step) * kN * head_dim, tokens - step * kN, head_dim);
    warp.Scores(key_lane_smem, read_query);
    copy.Store(value_smem);
    const bool more = step + 1 < steps.all;
    if (more) {
      copy.Load(key_gmem + static_cast<long long>(step + 1) * kN * head_dim, tokens - (step + 1) * kN,
                head_dim);
    }
    if constexpr (decltype(masked)::value) {
      warp.template Mask<kCausal>(lane, tile.first_row + warp_row - step * kN, tokens - step * kN);
    }
    warp.Softmax();
    // write -> read: V of this step is there. read -> write: all warps are past their scores, K may be
    // overwritten.
    __syncthreads();
    warp.AddValues(value_lane_smem);
    if (more) copy.Store(key_smem);
  };
  for (int step = 0; step < steps.unmasked; ++step) take_step(step, std::false_type{});
  for (int step = steps.unmasked; step < steps.all; ++step) take_step(step, std::true_type{});

  __syncthreads();  // read -> write: all warps are past the last V, O may overwrite it
  warp.Finish(lane, rows_smem + warp_row * kDim * 2,
              static_cast<uint16_t*>(params.out) + (first_query + warp_row) * head_dim,
              params.lse == nullptr ? nullptr : params.lse + first_query + warp_row,
              tokens - tile.first_row - warp_row, head_dim);
}

}  // namespace bytesper::attention
