#pragma once

#include <cmath>

#include "tile.cuh"
#include "work.cuh"

// What one warp of a tensor-core flash kernel does with its rows of Q: scores, online softmax, sum over V.
// The kernels around it differ in how tiles reach shared memory.
//
// Rows: a warp owns kRowTiles tiles of 16. In a fragment of 16 x 8 a lane holds rows lane / 4 (elements 0, 1)
// and lane / 4 + 8 (elements 2, 3), columns 2 * (lane % 4) and the next; the four lanes of a quad share their
// rows.

namespace bytesper::attention {

template <class T, class Mma, int kRowTiles, int kKeyRows, int kDim>
struct FlashWarp {
  static constexpr int kRows = kRowTiles * 16;

  float out_reg[kRowTiles][kDim / 8][4];         // [rows, kDim], not yet divided by the row sum
  float scores_reg[kRowTiles][kKeyRows / 8][4];  // [rows, kKeyRows]
  float row_max[kRowTiles][2];
  float row_sum[kRowTiles][2];  // of this lane's columns only, until Finish
  float scale_log2;             // scale * log2(e): exp(scale * s) = exp2(scale_log2 * s)

  __device__ __forceinline__ void Start(float scale) {
    scale_log2 = scale * 1.4426950408889634f;
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        row_max[i][half] = -INFINITY;
        row_sum[i][half] = 0.0f;
      }
#pragma unroll
      for (int d = 0; d < kDim / 8; ++d) {
#pragma unroll
        for (int e = 0; e < 4; ++e) out_reg[i][d][e] = 0.0f;
      }
    }
  }

  // S = Q K^T [rows, kKeyRows]. read_query(fragment, row tile, sixteen) gives the A operand.
  template <class ReadQuery>
  __device__ __forceinline__ void Scores(uint32_t key_lane_smem, ReadQuery read_query) {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int n = 0; n < kKeyRows / 8; ++n) {
#pragma unroll
        for (int e = 0; e < 4; ++e) scores_reg[i][n][e] = 0.0f;
      }
    }
#pragma unroll
    for (int d = 0; d < kDim / 16; ++d) {
      uint32_t query_reg[kRowTiles][4];
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i) read_query(query_reg[i], i, d);
      const uint32_t column_smem = key_lane_smem ^ ColumnStep(d);
#pragma unroll
      for (int n = 0; n < kKeyRows / 16; ++n) {
        uint32_t key_reg[4];
        LdMatrixX4(key_reg, column_smem + n * 16 * kDim * 2);
#pragma unroll
        for (int i = 0; i < kRowTiles; ++i) {
          Mma::Multiply(scores_reg[i][2 * n], query_reg[i], key_reg[0], key_reg[1]);
          Mma::Multiply(scores_reg[i][2 * n + 1], query_reg[i], key_reg[2], key_reg[3]);
        }
      }
    }
  }

  // Takes the keys that a row must not see out of the scores. Both positions count from the first key of the
  // step. Causal: row r sees keys up to itself; rows past the end see zero keys, and are never stored.
  template <bool kCausal>
  __device__ __forceinline__ void Mask(int lane, int first_row, int keys_left) {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int end = kCausal ? first_row + i * 16 + half * 8 + lane / 4 + 1 : keys_left;
#pragma unroll
        for (int n = 0; n < kKeyRows / 8; ++n) {
#pragma unroll
          for (int e = 0; e < 2; ++e) {
            if (n * 8 + 2 * (lane % 4) + e >= end) scores_reg[i][n][2 * half + e] = -INFINITY;
          }
        }
      }
    }
  }

  // P = exp(scale * (S - row max)), in place; what was summed before is brought to the new maximum. Steps go
  // from the first key on, and every row sees the first key, so the new maximum is never -inf here.
  __device__ __forceinline__ void Softmax() {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float largest = row_max[i][half];
#pragma unroll
        for (int n = 0; n < kKeyRows / 8; ++n) {
          largest = fmaxf(largest, fmaxf(scores_reg[i][n][2 * half], scores_reg[i][n][2 * half + 1]));
        }
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, 1));
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, 2));

        // Both products are rounded once and reused as they are, so the steps of a row agree to the last bit.
        const float shift = largest * scale_log2;
        const float shrink = Exp2Approx(row_max[i][half] * scale_log2 - shift);
        row_max[i][half] = largest;

        float sum = row_sum[i][half] * shrink;
#pragma unroll
        for (int n = 0; n < kKeyRows / 8; ++n) {
#pragma unroll
          for (int e = 0; e < 2; ++e) {
            float& score = scores_reg[i][n][2 * half + e];
            score = Exp2Approx(fmaf(score, scale_log2, -shift));
            sum += score;
          }
        }
        row_sum[i][half] = sum;
#pragma unroll
        for (int d = 0; d < kDim / 8; ++d) {
          out_reg[i][d][2 * half] *= shrink;
          out_reg[i][d][2 * half + 1] *= shrink;
        }
      }
    }
  }

  // O += P V [rows, kDim]. Two neighbouring fragments of S, packed, are one A operand: P never leaves
  // registers.
  __device__ __forceinline__ void AddValues(uint32_t value_lane_smem) {
#pragma unroll
    for (int n = 0; n < kKeyRows / 16; ++n) {
      uint32_t probability_reg[kRowTiles][4];
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i) {
        const float(&left)[4] = scores_reg[i][2 * n];
        const float(&right)[4] = scores_reg[i][2 * n + 1];
        probability_reg[i][0] = T::Pack(left[0], left[1]);
        probability_reg[i][1] = T::Pack(left[2], left[3]);
        probability_reg[i][2] = T::Pack(right[0], right[1]);
        probability_reg[i][3] = T::Pack(right[2], right[3]);
      }
      const uint32_t row_smem = value_lane_smem + n * 16 * kDim * 2;
#pragma unroll
      for (int d = 0; d < kDim / 16; ++d) {
        uint32_t value_reg[4];
        LdMatrixX4Trans(value_reg, row_smem ^ ColumnStep(d));
#pragma unroll
        for (int i = 0; i < kRowTiles; ++i) {
          Mma::Multiply(out_reg[i][2 * d], probability_reg[i], value_reg[0], value_reg[1]);
          Mma::Multiply(out_reg[i][2 * d + 1], probability_reg[i], value_reg[2], value_reg[3]);
        }
      }
    }
  }

  // Divides by the row sums and stores the warp's rows, by way of its own rows_smem [kRows, kDim], so that
  // global memory sees whole chunks. valid_rows may be zero or less.
  __device__ __forceinline__ void Finish(int lane, char* rows_smem, uint16_t* out_gmem, float* lse_gmem,
                                         int valid_rows, int head_dim) {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float sum = row_sum[i][half];
        sum += __shfl_xor_sync(0xffffffff, sum, 1);
        sum += __shfl_xor_sync(0xffffffff, sum, 2);
        const float inverse = 1.0f / sum;
        const int row = i * 16 + half * 8 + lane / 4;
        if (lse_gmem != nullptr && lane % 4 == 0 && row < valid_rows) {
          lse_gmem[row] = row_max[i][half] * scale_log2 * 0.6931471805599453f + logf(sum);
        }
#pragma unroll
        for (int d = 0; d < kDim / 8; ++d) {
          *reinterpret_cast<uint32_t*>(rows_smem + ChunkOffset<kDim>(row, d) + lane % 4 * 4) =
              T::Pack(out_reg[i][d][2 * half] * inverse, out_reg[i][d][2 * half + 1] * inverse);
        }
      }
    }
    __syncwarp();  // write -> read: a lane below reads what other lanes of its warp wrote above
    constexpr int kChunks = kDim / 8;
    constexpr int kRowsPerPass = 32 / kChunks;
    const int chunk = lane % kChunks;
#pragma unroll
    for (int pass = 0; pass < kRows / kRowsPerPass; ++pass) {
      const int row = pass * kRowsPerPass + lane / kChunks;
      if (row < valid_rows && chunk * 8 < head_dim) {
        *reinterpret_cast<uint4*>(out_gmem + static_cast<long long>(row) * head_dim + chunk * 8) =
            *reinterpret_cast<const uint4*>(rows_smem + ChunkOffset<kDim>(row, chunk));
      }
    }
  }
};

}  // namespace bytesper::attention
