#pragma once

#include "flash_warp.cuh"
#include "launch.h"

// Forward attention on mma.sync with cp.async, sm_80 and later. Four warps of 32 rows each: at 32 rows a
// fragment of K or V read from shared memory feeds twice the products that it would at 16, and that bandwidth
// is what runs out first. Q stays in shared memory: with 32 rows O and S already take 192 registers of a
// lane.

namespace bytesper::attention {

template <class T, int kDim, bool kCausal>
__device__ __forceinline__ void FlashSm80(const AttentionParams& params) {
  constexpr FlashTile kTile = kDim == 64 ? kFlashSm80D64 : kFlashSm80D128;
  constexpr int kM = kTile.queryRows;
  constexpr int kN = kTile.keyRows;
  constexpr int kWarpRows = kM / (kTile.threads / 32);
  using Warp = FlashWarp<T, MmaSm80<T>, kWarpRows / 16, kN, kDim>;
  using CopyQuery = TileCopy<kM, kDim, kTile.threads>;
  using CopyKeys = TileCopy<kN, kDim, kTile.threads>;

  constexpr int kQueryBytes = kM * kDim * 2;
  constexpr int kKeyBytes = kN * kDim * 2;
  static_assert(kQueryBytes + 3 * kKeyBytes == kTile.sharedBytes, "launch.h and the kernel must agree");
  const uint32_t query_smem = SharedAddress(SharedBase());  // [kM, kDim]
  const uint32_t key_smem = query_smem + kQueryBytes;       // [2, kN, kDim]
  const uint32_t value_smem = key_smem + 2 * kKeyBytes;     // [kN, kDim]

  const int tokens = static_cast<int>(params.tokens);
  const int head_dim = params.headDim;
  const uint16_t* const key_gmem = static_cast<const uint16_t*>(params.k);    // [all heads, tokens, head_dim]
  const uint16_t* const value_gmem = static_cast<const uint16_t*>(params.v);  // [all heads, tokens, head_dim]

  // What lives through the loop is kept small, for O and S leave a lane about fifty registers; the rest is
  // worked out again where it is needed.
  int left;              // unmasked steps to come; goes on below zero in the masked ones
  long long key_offset;  // from key_gmem to this thread's part of the block of keys of this step
  int key_rows;          // rows from there to the end of the head
  uint32_t query_lane_smem;
  const uint32_t key_lane_smem = LaneColumnsFirst<kDim>(key_smem, LaneOfThread());
  uint32_t value_lane_smem = LaneRowsFirst<kDim>(value_smem, LaneOfThread());
  const uint32_t copy_smem = CopyKeys::ThreadBytes();
  {
    const QueryTile tile = QueryTileOf<kM, kCausal>(FlatBlock(), params);
    if (!tile.exists) return;
    left = KeyStepsOf<kM, kN, kCausal>(tokens, tile.first_row).unmasked;
    query_lane_smem = LaneRowsFirst<kDim>(query_smem + WarpOfThread() * kWarpRows * kDim * 2, LaneOfThread());
    key_offset = tile.key_head * params.tokens * head_dim + CopyKeys::ThreadOffset(head_dim);
    key_rows = CopyKeys::ThreadRows(tokens, head_dim);

    const uint16_t* const query_gmem =
        static_cast<const uint16_t*>(params.q) + (tile.head * params.tokens + tile.first_row) * head_dim;
    CopyQuery::Async(query_smem, query_gmem, tokens - tile.first_row, head_dim, head_dim);
    CopyKeys::AsyncOfThread(key_smem + (left & 1) * kKeyBytes + copy_smem, key_gmem + key_offset, key_rows,
                            head_dim);
    CpAsyncCommit();
  }
  const auto read_query = [&](uint32_t(&fragment)[4], int row_tile, int sixteen) {
    LdMatrixX4(fragment, (query_lane_smem ^ ColumnStep(sixteen)) + row_tile * 16 * kDim * 2);
  };

  Warp warp;
  warp.Start(params.scale);

  // One block of keys; mask() hides some of its scores. Under way when it begins: K of this step alone (with
  // Q, before the first).
  const auto take_step = [&](bool more, auto mask) {
    const int stage = (left & 1) * kKeyBytes;
    CpAsyncWait<0>();
    // write -> read: every thread's part of K has landed. read -> write: all warps are past the sum over the
    // last V and past the scores of the last step, so V and the other K may be overwritten.
    __syncthreads();
    CopyKeys::AsyncOfThread(value_smem + copy_smem, value_gmem + key_offset, key_rows, head_dim);
    CpAsyncCommit();
    key_offset += static_cast<long long>(kN) * head_dim;
    key_rows -= kN;
    if (more) {
      CopyKeys::AsyncOfThread(key_smem + (kKeyBytes - stage) + copy_smem, key_gmem + key_offset, key_rows,
                              head_dim);
    }
    CpAsyncCommit();  // perhaps empty, so that the wait below counts the same in the last step

    // Sixteen addresses of columns, each one XOR away, are not worth sixteen registers.
    ForgetOrigin(query_lane_smem);
    ForgetOrigin(value_lane_smem);
    warp.Scores(key_lane_smem + stage, read_query);
    mask();
    warp.Softmax();

    CpAsyncWait<1>();
    // write -> read: every thread's part of V has landed; the next K may still be on its way.
    __syncthreads();
    warp.AddValues(value_lane_smem);
    --left;
  };

  // Where no masked step follows, the last of these fetches keys past the end: zeros, which nobody reads.
  while (left > 0) take_step(true, [] {});

  {
    const int first_row = QueryTileOf<kM, kCausal>(FlatBlock(), params).first_row;
    const KeySteps steps = KeyStepsOf<kM, kN, kCausal>(tokens, first_row);
    for (int step = steps.unmasked; step < steps.all; ++step) {
      take_step(step + 1 < steps.all, [&] {
        warp.template Mask<kCausal>(LaneOfThread(), first_row + WarpOfThread() * kWarpRows - step * kN,
                                    tokens - step * kN);
      });
    }
  }

  // A warp reads only its own rows of Q, and has read them for the last time: no barrier before it reuses
  // them.
  const QueryTile tile = QueryTileOf<kM, kCausal>(FlatBlock(), params);
  const int warp_row = WarpOfThread() * kWarpRows;
  const long long first_query = tile.head * params.tokens + tile.first_row + warp_row;
  warp.Finish(LaneOfThread(), SharedBase() + warp_row * kDim * 2,
              static_cast<uint16_t*>(params.out) + first_query * head_dim,
              params.lse == nullptr ? nullptr : params.lse + first_query, tokens - tile.first_row - warp_row,
              head_dim);
}

}  // namespace bytesper::attention
