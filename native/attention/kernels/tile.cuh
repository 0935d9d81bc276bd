#pragma once

#include "numeric.cuh"

// Tiles of 16-bit values in shared memory and the warp-wide products over them. A tile row is kDim values in
// chunks of 16 bytes. Chunk c of row r lies in slot c ^ (r % 8), so that the eight rows that ldmatrix reads
// at one column fall into eight different groups of banks. A tile must start at a multiple of its row size.

namespace bytesper::attention {

template <int kDim>
__device__ __forceinline__ uint32_t ChunkOffset(int row, int chunk) {
  return static_cast<uint32_t>(row * kDim * 2 + ((chunk ^ (row & 7)) << 4));
}

// ---- Where a lane points ldmatrix. XOR with ColumnStep(c) moves 16 * c columns to the right, adding a
// multiple of eight rows moves down: both keep the swizzle, since r % 8 of the lane's row stays the same.
// ----

constexpr __device__ __forceinline__ uint32_t ColumnStep(int sixteens) {
  return static_cast<uint32_t>(sixteens) << 5;
}

// Register order {rows 0-7, rows 8-15} x {columns 0-7, columns 8-15}, rows first: the A operand from
// row-major values; with transposition, the B operand from values whose row is the summed axis.
template <int kDim>
__device__ __forceinline__ uint32_t LaneRowsFirst(uint32_t tile_smem, int lane) {
  return tile_smem + ChunkOffset<kDim>(lane & 15, lane >> 4);
}

// The same four matrices, columns first: the B operand from values whose column is the summed axis.
template <int kDim>
__device__ __forceinline__ uint32_t LaneColumnsFirst(uint32_t tile_smem, int lane) {
  return tile_smem + ChunkOffset<kDim>((lane & 7) + (lane >> 4) * 8, (lane >> 3) & 1);
}

// ---- d[16, 8] += a[16, 16] b[16, 8] ----

template <class T>
struct MmaSm80;

template <>
struct MmaSm80<Fp16> {
  static __device__ __forceinline__ void Multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                                  uint32_t b1) {
    MmaM16N8K16Fp16(d, a, b0, b1);
  }
};

template <>
struct MmaSm80<Bf16> {
  static __device__ __forceinline__ void Multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                                  uint32_t b1) {
    MmaM16N8K16Bf16(d, a, b0, b1);
  }
};

// sm_75 sums over 8 at a time. The registers of a 16-wide fragment are two 8-wide fragments side by side, so
// the loops keep counting in sixteens, as ldmatrix does, and no index runs at the width of the instruction.
struct MmaSm75Fp16 {
  static __device__ __forceinline__ void Multiply(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                                  uint32_t b1) {
    MmaM16N8K8Fp16(d, a[0], a[1], b0);
    MmaM16N8K8Fp16(d, a[2], a[3], b1);
  }
};

// ---- Copies of a tile [kRows, kDim] from rows of head_dim values ----

template <int kRows, int kDim, int kThreads>
struct TileCopy {
  static constexpr int kChunks = kDim / 8;
  static constexpr int kRowsPerPass = kThreads / kChunks;
  static constexpr int kPasses = kRows / kRowsPerPass;
  static_assert(kRows % kRowsPerPass == 0 && kRowsPerPass % 8 == 0, "a thread keeps its slot in every pass");

  static __device__ __forceinline__ int FirstRow() { return static_cast<int>(threadIdx.x) / kChunks; }
  static __device__ __forceinline__ int Chunk() { return static_cast<int>(threadIdx.x) % kChunks; }

  // Past valid_rows and past valid_columns come zeros: a zero column adds nothing to a score, and a zero row
  // of V must stand behind a probability of zero, for anything else there could be a NaN.
  static __device__ __forceinline__ void Async(uint32_t tile_smem, const uint16_t* tile_gmem, int valid_rows,
                                               int head_dim, int valid_columns) {
    AsyncOfThread(tile_smem + ThreadBytes(), tile_gmem + ThreadOffset(head_dim),
                  ThreadRows(valid_rows, valid_columns), head_dim);
  }

  // The parts of the above that stay the same from tile to tile: this thread's place in a tile, its place in
  // global memory, and the rows below its first one, none if its chunk lies past the last column.
  static __device__ __forceinline__ uint32_t ThreadBytes() { return ChunkOffset<kDim>(FirstRow(), Chunk()); }
  static __device__ __forceinline__ long long ThreadOffset(int head_dim) {
    return static_cast<long long>(FirstRow()) * head_dim + Chunk() * 8;
  }
  static __device__ __forceinline__ int ThreadRows(int valid_rows, int valid_columns) {
    return Chunk() * 8 < valid_columns ? valid_rows - FirstRow() : 0;
  }
  static __device__ __forceinline__ void AsyncOfThread(uint32_t to_smem, const uint16_t* from_gmem, int rows,
                                                       int head_dim) {
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      CpAsync16(to_smem + pass * kRowsPerPass * kDim * 2,
                from_gmem + static_cast<long long>(pass * kRowsPerPass) * head_dim,
                pass * kRowsPerPass < rows);
    }
  }

  // The same by way of registers, in two halves, so that work can stand between the load and the store.
  uint4 staged_reg[kPasses];

  __device__ __forceinline__ void Load(const uint16_t* tile_gmem, int valid_rows, int head_dim) {
    const bool in_row = Chunk() * 8 < head_dim;
    const uint16_t* from_gmem = tile_gmem + static_cast<long long>(FirstRow()) * head_dim + Chunk() * 8;
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      staged_reg[pass] = uint4{0, 0, 0, 0};
      if (in_row && FirstRow() + pass * kRowsPerPass < valid_rows) {
        staged_reg[pass] = *reinterpret_cast<const uint4*>(
            from_gmem + static_cast<long long>(pass * kRowsPerPass) * head_dim);
      }
    }
  }

  __device__ __forceinline__ void Store(char* tile_smem) const {
    char* to_smem = tile_smem + ChunkOffset<kDim>(FirstRow(), Chunk());
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      *reinterpret_cast<uint4*>(to_smem + pass * kRowsPerPass * kDim * 2) = staged_reg[pass];
    }
  }
};

}  // namespace bytesper::attention
