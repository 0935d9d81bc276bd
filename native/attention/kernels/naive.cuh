#pragma once

#include <cmath>

#include "launch.h"
#include "tile.cuh"
#include "work.cuh"

// The two products of the textbook chain: scores to memory, and, after softmax.cuh, their product with V.
// Tiles of 128 rows, 256 threads. Each product comes twice: on the FMA units for fp32 and for sm_75, on
// mma.sync for 16 bits from sm_80 on.

namespace bytesper::attention {

// ---- Which tile of a product a block owns ----

struct ProductTile {
  long long head;      // over batch and heads
  long long key_head;  // over batch and kvHeads
  int first_row;
  int first_column;
  bool exists;
};

__device__ __forceinline__ ProductTile ProductTileOfBlock(const AttentionParams& params, NaiveLaunch launch,
                                                          long long columns) {
  const long long row_tiles = (params.tokens + launch.tileRows - 1) / launch.tileRows;
  const long long column_tiles = (columns + launch.tileColumns - 1) / launch.tileColumns;
  const long long block = FlatBlock();
  const long long head = block / (row_tiles * column_tiles);
  return {head, KeyHeadOf(params, head), static_cast<int>(block / column_tiles % row_tiles) * launch.tileRows,
          static_cast<int>(block % column_tiles) * launch.tileColumns, head < HeadsInAll(params)};
}

// ---- FMA: slabs of 32 along the summed axis, both operands as [slab, rows] in shared memory ----

constexpr int kFmaSlab = 32;
constexpr int kFmaPad = 4;  // keeps rows of float4 apart in the banks, and aligned

// to_smem[c][r] = from_gmem[r][c], zero past valid_rows and valid_columns.
template <class T, int kRows>
__device__ __forceinline__ void CopyTransposed(float* to_smem, const typename T::Element* from_gmem,
                                               long long row_stride, int valid_rows, int valid_columns) {
  const int column = static_cast<int>(threadIdx.x) % kFmaSlab;
  for (int row = static_cast<int>(threadIdx.x) / kFmaSlab; row < kRows; row += 256 / kFmaSlab) {
    const bool valid = row < valid_rows && column < valid_columns;
    to_smem[column * (kRows + kFmaPad) + row] = valid ? T::Widen(from_gmem[row * row_stride + column]) : 0.0f;
  }
}

// Eight rows from memory [.., 128 + pad]: y * 4 and its three neighbours, and the same 64 further on.
__device__ __forceinline__ void ReadEight(float (&to)[8], const float* from_smem) {
#pragma unroll
  for (int part = 0; part < 2; ++part) {
    const float4 four = *reinterpret_cast<const float4*>(from_smem + part * 64);
    to[part * 4] = four.x;
    to[part * 4 + 1] = four.y;
    to[part * 4 + 2] = four.z;
    to[part * 4 + 3] = four.w;
  }
}

__device__ __forceinline__ int EightAt(int base, int index) { return base * 4 + index / 4 * 64 + index % 4; }

template <class Score>
__device__ __forceinline__ void StoreScore(const AttentionParams& params, long long head, int row, int column,
                                           float sum) {
  if (row >= params.tokens || column >= params.tokens) return;
  const float score = params.causal && column > row ? -INFINITY : params.scale * sum;
  typename Score::Element* const scores_gmem = static_cast<typename Score::Element*>(params.scores);
  scores_gmem[(head * params.tokens + row) * params.tokens + column] = Score::Narrow(score);
}

template <class T, class Score>
__device__ __forceinline__ void ScoresFma(const AttentionParams& params) {
  constexpr int kTile = 128;
  constexpr int kStride = kTile + kFmaPad;
  static_assert(kScoresLaunch.tileRows == kTile && kScoresLaunch.tileColumns == kTile, "one tile shape");
  const ProductTile tile = ProductTileOfBlock(params, kScoresLaunch, params.tokens);
  if (!tile.exists) return;
  using Element = typename T::Element;
  const int tokens = static_cast<int>(params.tokens);
  const Element* query_gmem =
      static_cast<const Element*>(params.q) +
      (tile.head * params.tokens + tile.first_row) * params.headDim;  // [kTile, headDim]
  const Element* key_gmem = static_cast<const Element*>(params.k) +
                            (tile.key_head * params.tokens + tile.first_column) * params.headDim;
  float* const query_smem = reinterpret_cast<float*>(SharedBase());  // [slab, kTile + pad]
  float* const key_smem = query_smem + kFmaSlab * kStride;           // [slab, kTile + pad]
  const int x = static_cast<int>(threadIdx.x) % 16;
  const int y = static_cast<int>(threadIdx.x) / 16;

  float sum_reg[8][8] = {};
  for (int slab = 0; slab < params.headDim; slab += kFmaSlab) {
    __syncthreads();  // read -> write: all threads are past the last slab
    CopyTransposed<T, kTile>(query_smem, query_gmem + slab, params.headDim, tokens - tile.first_row,
                             params.headDim - slab);
    CopyTransposed<T, kTile>(key_smem, key_gmem + slab, params.headDim, tokens - tile.first_column,
                             params.headDim - slab);
    __syncthreads();  // write -> read: the slab is there
#pragma unroll 4
    for (int d = 0; d < kFmaSlab; ++d) {
      float query_reg[8];
      float key_reg[8];
      ReadEight(query_reg, query_smem + d * kStride + y * 4);
      ReadEight(key_reg, key_smem + d * kStride + x * 4);
#pragma unroll
      for (int i = 0; i < 8; ++i) {
#pragma unroll
        for (int j = 0; j < 8; ++j) sum_reg[i][j] = fmaf(query_reg[i], key_reg[j], sum_reg[i][j]);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) {
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      StoreScore<Score>(params, tile.head, tile.first_row + EightAt(y, i), tile.first_column + EightAt(x, j),
                        sum_reg[i][j]);
    }
  }
}

template <class T, class Score>
__device__ __forceinline__ void ValuesFma(const AttentionParams& params) {
  constexpr int kRows = 128;
  constexpr int kColumns = 64;
  constexpr int kStride = kRows + kFmaPad;
  constexpr int kValueStride = kColumns + kFmaPad;
  static_assert(kValuesLaunch.tileRows == kRows && kValuesLaunch.tileColumns == kColumns, "one tile shape");
  const ProductTile tile = ProductTileOfBlock(params, kValuesLaunch, params.headDim);
  if (!tile.exists) return;
  using Element = typename T::Element;
  const int tokens = static_cast<int>(params.tokens);
  const typename Score::Element* probability_gmem =
      static_cast<const typename Score::Element*>(params.scores) +
      (tile.head * params.tokens + tile.first_row) * params.tokens;  // [kRows, tokens]
  const Element* value_gmem = static_cast<const Element*>(params.v) +
                              tile.key_head * params.tokens * params.headDim + tile.first_column;
  float* const probability_smem = reinterpret_cast<float*>(SharedBase());  // [slab, kRows + pad]
  float* const value_smem = probability_smem + kFmaSlab * kStride;         // [slab, kColumns + pad]
  const int x = static_cast<int>(threadIdx.x) % 16;
  const int y = static_cast<int>(threadIdx.x) / 16;

  float sum_reg[8][4] = {};
  for (int slab = 0; slab < tokens; slab += kFmaSlab) {
    __syncthreads();  // read -> write: all threads are past the last slab
    CopyTransposed<Score, kRows>(probability_smem, probability_gmem + slab, params.tokens,
                                 tokens - tile.first_row, tokens - slab);
    const int column = static_cast<int>(threadIdx.x) % kColumns;
    for (int key = static_cast<int>(threadIdx.x) / kColumns; key < kFmaSlab; key += 256 / kColumns) {
      const bool valid = key < tokens - slab && tile.first_column + column < params.headDim;
      value_smem[key * kValueStride + column] =
          valid ? T::Widen(value_gmem[static_cast<long long>(slab + key) * params.headDim + column]) : 0.0f;
    }
    __syncthreads();  // write -> read: the slab is there
#pragma unroll 4
    for (int key = 0; key < kFmaSlab; ++key) {
      float probability_reg[8];
      ReadEight(probability_reg, probability_smem + key * kStride + y * 4);
      const float4 value = *reinterpret_cast<const float4*>(value_smem + key * kValueStride + x * 4);
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        sum_reg[i][0] = fmaf(probability_reg[i], value.x, sum_reg[i][0]);
        sum_reg[i][1] = fmaf(probability_reg[i], value.y, sum_reg[i][1]);
        sum_reg[i][2] = fmaf(probability_reg[i], value.z, sum_reg[i][2]);
        sum_reg[i][3] = fmaf(probability_reg[i], value.w, sum_reg[i][3]);
      }
    }
  }
  Element* const out_gmem = static_cast<Element*>(params.out);
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const int row = tile.first_row + EightAt(y, i);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int column = tile.first_column + x * 4 + j;
      if (row >= tokens || column >= params.headDim) continue;
      out_gmem[(tile.head * params.tokens + row) * params.headDim + column] = T::Narrow(sum_reg[i][j]);
    }
  }
}

// ---- mma.sync: slabs of 64 along the summed axis, eight warps as 4 x 2 ----

constexpr int kMmaSlab = 64;

template <class T, class Score>
__device__ __forceinline__ void ScoresMma(const AttentionParams& params) {
  constexpr int kTile = 128;
  constexpr int kTileBytes = kTile * kMmaSlab * 2;
  static_assert(2 * kTileBytes <= kScoresLaunch.sharedBytes, "launch.h and the kernel must agree");
  using Copy = TileCopy<kTile, kMmaSlab, 256>;
  const ProductTile tile = ProductTileOfBlock(params, kScoresLaunch, params.tokens);
  if (!tile.exists) return;
  const int tokens = static_cast<int>(params.tokens);
  const uint16_t* query_gmem =
      static_cast<const uint16_t*>(params.q) +
      (tile.head * params.tokens + tile.first_row) * params.headDim;  // [kTile, headDim]
  const uint16_t* key_gmem = static_cast<const uint16_t*>(params.k) +
                             (tile.key_head * params.tokens + tile.first_column) * params.headDim;
  const uint32_t query_smem = SharedAddress(SharedBase());  // [kTile, slab]
  const uint32_t key_smem = query_smem + kTileBytes;        // [kTile, slab]
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int warp_row = warp / 2 * 32;
  const int warp_column = warp % 2 * 64;
  const uint32_t query_lane_smem = LaneRowsFirst<kMmaSlab>(query_smem + warp_row * kMmaSlab * 2, lane);
  const uint32_t key_lane_smem = LaneColumnsFirst<kMmaSlab>(key_smem + warp_column * kMmaSlab * 2, lane);

  float sum_reg[2][8][4] = {};  // [2 * 16 rows, 8 * 8 columns]
  for (int slab = 0; slab < params.headDim; slab += kMmaSlab) {
    __syncthreads();  // read -> write: all warps are past the last slab
    Copy::Async(query_smem, query_gmem + slab, tokens - tile.first_row, params.headDim,
                params.headDim - slab);
    Copy::Async(key_smem, key_gmem + slab, tokens - tile.first_column, params.headDim, params.headDim - slab);
    CpAsyncCommit();
    CpAsyncWait<0>();
    __syncthreads();  // write -> read: every thread's part of the slab has landed
#pragma unroll
    for (int d = 0; d < kMmaSlab / 16; ++d) {
      uint32_t query_reg[2][4];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        LdMatrixX4(query_reg[i], (query_lane_smem ^ ColumnStep(d)) + i * 16 * kMmaSlab * 2);
      }
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        uint32_t key_reg[4];
        LdMatrixX4(key_reg, (key_lane_smem ^ ColumnStep(d)) + n * 16 * kMmaSlab * 2);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          MmaSm80<T>::Multiply(sum_reg[i][2 * n], query_reg[i], key_reg[0], key_reg[1]);
          MmaSm80<T>::Multiply(sum_reg[i][2 * n + 1], query_reg[i], key_reg[2], key_reg[3]);
        }
      }
    }
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int n = 0; n < 8; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        StoreScore<Score>(params, tile.head, tile.first_row + warp_row + i * 16 + e / 2 * 8 + lane / 4,
                          tile.first_column + warp_column + n * 8 + lane % 4 * 2 + e % 2, sum_reg[i][n][e]);
      }
    }
  }
}

template <class T, class Score>
__device__ __forceinline__ void ValuesMma(const AttentionParams& params) {
  constexpr int kRows = 128;
  constexpr int kColumns = 64;
  constexpr int kProbabilityBytes = kRows * kMmaSlab * 2;
  static_assert(kProbabilityBytes + kMmaSlab * kColumns * 2 <= kValuesLaunch.sharedBytes,
                "launch.h and the kernel must agree");
  using CopyValues = TileCopy<kMmaSlab, kColumns, 256>;
  const ProductTile tile = ProductTileOfBlock(params, kValuesLaunch, params.headDim);
  if (!tile.exists) return;
  const int tokens = static_cast<int>(params.tokens);
  const typename Score::Element* probability_gmem =
      static_cast<const typename Score::Element*>(params.scores) +
      (tile.head * params.tokens + tile.first_row) * params.tokens;  // [kRows, tokens]
  const uint16_t* value_gmem = static_cast<const uint16_t*>(params.v) +
                               tile.key_head * params.tokens * params.headDim + tile.first_column;
  char* const probability_smem = SharedBase();                                      // [kRows, slab]
  const uint32_t value_smem = SharedAddress(probability_smem) + kProbabilityBytes;  // [slab, kColumns]
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int warp_row = warp / 2 * 32;
  const int warp_column = warp % 2 * 32;
  const uint32_t probability_lane_smem =
      LaneRowsFirst<kMmaSlab>(SharedAddress(probability_smem) + warp_row * kMmaSlab * 2, lane);
  const uint32_t value_lane_smem = LaneRowsFirst<kColumns>(value_smem, lane);

  float sum_reg[2][4][4] = {};  // [2 * 16 rows, 4 * 8 columns]
  for (int slab = 0; slab < tokens; slab += kMmaSlab) {
    __syncthreads();  // read -> write: all warps are past the last slab
    CopyValues::Async(value_smem, value_gmem + static_cast<long long>(slab) * params.headDim, tokens - slab,
                      params.headDim, params.headDim - tile.first_column);
    CpAsyncCommit();
    const int key = static_cast<int>(threadIdx.x) % kMmaSlab;
    for (int row = static_cast<int>(threadIdx.x) / kMmaSlab; row < kRows; row += 256 / kMmaSlab) {
      const bool valid = row < tokens - tile.first_row && key < tokens - slab;
      const float probability =
          valid ? Score::Widen(probability_gmem[row * params.tokens + slab + key]) : 0.0f;
      *reinterpret_cast<uint16_t*>(probability_smem + ChunkOffset<kMmaSlab>(row, key / 8) + key % 8 * 2) =
          T::Narrow(probability);
    }
    CpAsyncWait<0>();
    __syncthreads();  // write -> read: every thread's part of P and V is there
#pragma unroll
    for (int k = 0; k < kMmaSlab / 16; ++k) {
      uint32_t probability_reg[2][4];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        LdMatrixX4(probability_reg[i], (probability_lane_smem ^ ColumnStep(k)) + i * 16 * kMmaSlab * 2);
      }
#pragma unroll
      for (int n = 0; n < 2; ++n) {
        uint32_t value_reg[4];
        LdMatrixX4Trans(value_reg,
                        (value_lane_smem ^ ColumnStep(warp_column / 16 + n)) + k * 16 * kColumns * 2);
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          MmaSm80<T>::Multiply(sum_reg[i][2 * n], probability_reg[i], value_reg[0], value_reg[1]);
          MmaSm80<T>::Multiply(sum_reg[i][2 * n + 1], probability_reg[i], value_reg[2], value_reg[3]);
        }
      }
    }
  }
  uint16_t* const out_gmem = static_cast<uint16_t*>(params.out);
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int n = 0; n < 4; ++n) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = tile.first_row + warp_row + i * 16 + half * 8 + lane / 4;
        const int column = tile.first_column + warp_column + n * 8 + lane % 4 * 2;
        if (row >= tokens || column >= params.headDim) continue;
        *reinterpret_cast<uint32_t*>(out_gmem + (tile.head * params.tokens + row) * params.headDim + column) =
            T::Pack(sum_reg[i][n][2 * half], sum_reg[i][n][2 * half + 1]);
      }
    }
  }
}

}  // namespace bytesper::attention
