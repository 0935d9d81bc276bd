#pragma once

#include <cmath>

#include "launch.h"
#include "ptx.cuh"
#include "work.cuh"

// Forward attention in fp32 on the plain FMA units, any architecture: no TF32, so it can serve as the exact
// class. 256 threads as 16 x 16. Thread (y, x) owns rows 4 y .. 4 y + 3; of S it owns columns x + 16 j, of O
// the chunks x + 16 j. A chunk is four floats; chunk c of row r lies in slot c ^ (r % 8), against bank
// conflicts.

namespace bytesper::attention {

template <int kColumns>
__device__ __forceinline__ int SlotOf(int row, int chunk) {
  return row * kColumns + ((chunk ^ (row & 7)) << 2);
}

// A tile [kRows, kDim] on its way from global to shared memory, through registers. Zeros past the ends.
template <int kRows, int kDim, int kThreads>
struct FloatTileCopy {
  static constexpr int kChunks = kDim / 4;
  static constexpr int kPasses = kRows * kChunks / kThreads;
  float4 staged_reg[kPasses];

  static __device__ __forceinline__ int Row(int pass) {
    return (static_cast<int>(threadIdx.x) + pass * kThreads) / kChunks;
  }
  static __device__ __forceinline__ int Chunk() { return static_cast<int>(threadIdx.x) % kChunks; }

  __device__ __forceinline__ void Load(const float* tile_gmem, int valid_rows, int head_dim) {
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      staged_reg[pass] = float4{0.0f, 0.0f, 0.0f, 0.0f};
      if (Chunk() * 4 < head_dim && Row(pass) < valid_rows) {
        staged_reg[pass] = *reinterpret_cast<const float4*>(
            tile_gmem + static_cast<long long>(Row(pass)) * head_dim + Chunk() * 4);
      }
    }
  }

  __device__ __forceinline__ void Store(float* tile_smem) const {
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      *reinterpret_cast<float4*>(tile_smem + SlotOf<kDim>(Row(pass), Chunk())) = staged_reg[pass];
    }
  }
};

__device__ __forceinline__ float DotOnto(float sum, const float4& a, const float4& b) {
  return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

__device__ __forceinline__ void ScaledOnto(float4& sum, float factor, const float4& a) {
  sum.x = fmaf(factor, a.x, sum.x);
  sum.y = fmaf(factor, a.y, sum.y);
  sum.z = fmaf(factor, a.z, sum.z);
  sum.w = fmaf(factor, a.w, sum.w);
}

__device__ __forceinline__ float4 Times(const float4& a, float factor) {
  return {a.x * factor, a.y * factor, a.z * factor, a.w * factor};
}

template <int kDim, bool kCausal>
__device__ __forceinline__ void FlashFp32(const AttentionParams& params) {
  constexpr FlashTile kTile = kDim == 64 ? kFlashFp32D64 : kFlashFp32D128;
  constexpr int kM = kTile.queryRows;
  constexpr int kN = kTile.keyRows;
  constexpr int kRows = 4;                // of S and O, for a thread
  constexpr int kKeys = kN / 16;          // columns of S, for a thread
  constexpr int kChunks = kDim / 4 / 16;  // chunks of an O row, for a thread
  using CopyQuery = FloatTileCopy<kM, kDim, kTile.threads>;
  using CopyKeys = FloatTileCopy<kN, kDim, kTile.threads>;

  const QueryTile tile = QueryTileOf<kM, kCausal>(FlatBlock(), params);
  if (!tile.exists) return;
  const int first_row = tile.first_row;
  const int tokens = static_cast<int>(params.tokens);
  const int head_dim = params.headDim;
  const KeySteps steps = KeyStepsOf<kM, kN, kCausal>(tokens, first_row);
  const int x = static_cast<int>(threadIdx.x) % 16;
  const int row_base = static_cast<int>(threadIdx.x) / 16 * kRows;

  const long long first_query = tile.head * params.tokens + first_row;
  const long long first_key = tile.key_head * params.tokens;
  const float* query_gmem = static_cast<const float*>(params.q) + first_query * head_dim;  // [kM, head_dim]
  const float* key_gmem = static_cast<const float*>(params.k) + first_key * head_dim;  // [tokens, head_dim]
  const float* value_gmem = static_cast<const float*>(params.v) + first_key * head_dim;

  static_assert((kM + 2 * kN) * kDim * 4 == kTile.sharedBytes, "launch.h and the kernel must agree");
  static_assert(kM <= kDim, "P must fit where K was");
  float* const query_smem = reinterpret_cast<float*>(SharedBase());  // [kM, kDim]
  float* const key_smem = query_smem + kM * kDim;                    // [kN, kDim]
  float* const value_smem = key_smem + kN * kDim;                    // [kN, kDim]
  float* const probability_smem = key_smem;                          // [kM, kN], once K has been used

  const float scale_log2 = params.scale * 1.4426950408889634f;
  float4 out_reg[kRows][kChunks];
  float row_max[kRows];
  float row_sum[kRows];  // of this thread's columns only, until the end
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    row_max[i] = -INFINITY;
    row_sum[i] = 0.0f;
#pragma unroll
    for (int j = 0; j < kChunks; ++j) out_reg[i][j] = float4{0.0f, 0.0f, 0.0f, 0.0f};
  }

  {
    CopyQuery query;
    query.Load(query_gmem, tokens - first_row, head_dim);
    query.Store(query_smem);
  }
  CopyKeys copy;
  copy.Load(key_gmem, tokens, head_dim);

  for (int step = 0; step < steps.all; ++step) {
    __syncthreads();  // read -> write: all threads are past the sum P V, so P (where K goes) and V are free
    copy.Store(key_smem);
    __syncthreads();  // write -> read: K, and before the first step Q, are there
    copy.Load(value_gmem + static_cast<long long>(step) * kN * head_dim, tokens - step * kN, head_dim);

    // S = Q K^T [kM, kN]
    float scores_reg[kRows][kKeys] = {};
#pragma unroll 2
    for (int chunk = 0; chunk < kDim / 4; ++chunk) {
      float4 key_reg[kKeys];
#pragma unroll
      for (int j = 0; j < kKeys; ++j) {
        key_reg[j] = *reinterpret_cast<const float4*>(key_smem + SlotOf<kDim>(x + 16 * j, chunk));
      }
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        const float4 query = *reinterpret_cast<const float4*>(query_smem + SlotOf<kDim>(row_base + i, chunk));
#pragma unroll
        for (int j = 0; j < kKeys; ++j) scores_reg[i][j] = DotOnto(scores_reg[i][j], query, key_reg[j]);
      }
    }
    copy.Store(value_smem);

    if (step >= steps.unmasked) {
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        const int end = (kCausal ? first_row + row_base + i + 1 : tokens) - step * kN;
#pragma unroll
        for (int j = 0; j < kKeys; ++j) {
          if (x + 16 * j >= end) scores_reg[i][j] = -INFINITY;
        }
      }
    }

    // P = exp(scale * (S - row max)). Every row sees the first key, so the maximum is never -inf.
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      float largest = row_max[i];
#pragma unroll
      for (int j = 0; j < kKeys; ++j) largest = fmaxf(largest, scores_reg[i][j]);
#pragma unroll
      for (int distance = 8; distance > 0; distance /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, distance));
      }
      const float shrink = Exp2Approx((row_max[i] - largest) * scale_log2);
      row_max[i] = largest;
      row_sum[i] *= shrink;
#pragma unroll
      for (int j = 0; j < kKeys; ++j) {
        scores_reg[i][j] = Exp2Approx((scores_reg[i][j] - largest) * scale_log2);
        row_sum[i] += scores_reg[i][j];
      }
#pragma unroll
      for (int j = 0; j < kChunks; ++j) out_reg[i][j] = Times(out_reg[i][j], shrink);
    }

    __syncthreads();  // read -> write: all threads are past their scores, so P may overwrite K
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int j = 0; j < kKeys; ++j) {
        const int column = x + 16 * j;
        probability_smem[SlotOf<kN>(row_base + i, column / 4) + column % 4] = scores_reg[i][j];
      }
    }
    __syncthreads();  // write -> read: P and V are there
    if (step + 1 < steps.all) {
      copy.Load(key_gmem + static_cast<long long>(step + 1) * kN * head_dim, tokens - (step + 1) * kN,
                head_dim);
    }

    // O += P V [kM, kDim], four keys at a time
#pragma unroll 2
    for (int key = 0; key < kN; key += 4) {
      float4 probability_reg[kRows];
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
        probability_reg[i] =
            *reinterpret_cast<const float4*>(probability_smem + SlotOf<kN>(row_base + i, key / 4));
      }
#pragma unroll
      for (int j = 0; j < kChunks; ++j) {
        float4 value_reg[4];
#pragma unroll
        for (int e = 0; e < 4; ++e) {
          value_reg[e] = *reinterpret_cast<const float4*>(value_smem + SlotOf<kDim>(key + e, x + 16 * j));
        }
#pragma unroll
        for (int i = 0; i < kRows; ++i) {
          ScaledOnto(out_reg[i][j], probability_reg[i].x, value_reg[0]);
          ScaledOnto(out_reg[i][j], probability_reg[i].y, value_reg[1]);
          ScaledOnto(out_reg[i][j], probability_reg[i].z, value_reg[2]);
          ScaledOnto(out_reg[i][j], probability_reg[i].w, value_reg[3]);
        }
      }
    }
  }

  // Worked out again, to keep it out of the loop's registers.
  const long long first_out = QueryTileOf<kM, kCausal>(FlatBlock(), params).head * params.tokens + first_row;
  float* const out_gmem = static_cast<float*>(params.out) + first_out * head_dim;
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    float sum = row_sum[i];
#pragma unroll
    for (int distance = 8; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xffffffff, sum, distance);
    const int row = row_base + i;
    if (first_row + row >= tokens) continue;
    if (params.lse != nullptr && x == 0) {
      params.lse[first_out + row] = row_max[i] * params.scale + logf(sum);
    }
#pragma unroll
    for (int j = 0; j < kChunks; ++j) {
      const int column = (x + 16 * j) * 4;
      if (column < head_dim) {
        *reinterpret_cast<float4*>(out_gmem + static_cast<long long>(row) * head_dim + column) =
            Times(out_reg[i][j], 1.0f / sum);
      }
    }
  }
}

}  // namespace bytesper::attention
