#pragma once

#include "decode_launch.h"
#include "decode_params.h"
#include "numeric.cuh"
#include "work.cuh"

// Attention of one new token a sequence over the keys and values in its cache. Reading the cache is all the
// work, so the tokens of a sequence are cut into parts, one a block, and the parts are joined by a second
// kernel.
//
// One block: a part of a sequence, one key/value head, and up to kDecodeHeads query heads that share it. Each
// of the four warps owns a quarter of the keys of every tile and all of softmax for them: its own running
// maximum, sums and unnormalised output. So the warps meet only where a tile arrives and where it has been
// read.
//
// Spaces, in shared memory:
//   K, V [2, kKeys, kDim]        filled by cp.async one tile ahead; a row's 16-byte chunk c lies at Slot(row,
//   c) Q [kDecodeHeads, kDim]       fp32, times scale, the key scale and log2(e) weights [kKeys,
//   kDecodeHeads] exp2 of the scores; each warp its own quarter shrink [4, kDecodeHeads]     what a warp's
//   output is multiplied by before a tile; at the end its maximum and sum
//
// Hazards, and what closes them:
//   first barrier of a step    write -> read: the tile of every thread's copies is there
//   second barrier             read -> write: all warps have read the tile; the next but one may overwrite it
//   __syncwarp                 weights and shrink go from the lanes that own a key to those that own a column

namespace bytesper::attention {

template <class Cache, int kDim>
struct DecodeTile {
  using Element = typename Cache::Element;
  static constexpr int kRowBytes = kDim * static_cast<int>(sizeof(Element));
  static constexpr int kKeys = DecodeTileKeys(kRowBytes);
  static constexpr int kChunks = kRowBytes / 16;
  static constexpr int kPerChunk = 16 / static_cast<int>(sizeof(Element));

  static constexpr int kValues = 2 * kDecodeTileBytes;
  static constexpr int kQueries = 4 * kDecodeTileBytes;
  static constexpr int kWeights = kQueries + kDecodeHeads * kDim * 4;
  static constexpr int kState = kWeights + kKeys * kDecodeHeads * 4;
  static_assert(kState + 12 * kDecodeHeads * 4 <= DecodeSharedBytes(kDim, kRowBytes), "launch.h must agree");

  // Eight rows that lanes read at one column fall into eight different groups of banks.
  static __device__ __forceinline__ int Slot(int row, int chunk) {
    const int turn = kChunks >= 8 ? row & 7 : row >> 1 & 3;
    return row * kRowBytes + ((chunk ^ turn) << 4);
  }
};

// Where a thread's chunks of a tile come from. Past the last token the last one stands in, and is not read.
struct DecodeSource {
  const DecodeParams& params;
  int sequence;
  int kv_head;

  __device__ __forceinline__ const char* Row(int token, int row_bytes) const {
    const int index = token >> params.page_shift;
    const int in_page = token - (index << params.page_shift);
    const long long page = params.table == nullptr
                               ? sequence
                               : params.table[static_cast<long long>(sequence) * params.table_width + index];
    const long long in_slab = page & ((1LL << params.slab_shift) - 1);
    return static_cast<const char*>(params.slabs[page >> params.slab_shift]) + params.key_offset +
           in_slab * params.page_bytes +
           (static_cast<long long>(kv_head) * params.page_tokens + in_page) * row_bytes;
  }
};

template <class Cache, int kDim, bool kAsync>
__device__ __forceinline__ void DecodeFill(const DecodeSource& from, int stage, int first, int end) {
  using Tile = DecodeTile<Cache, kDim>;
  const long long to_values = from.params.value_offset - from.params.key_offset;
  char* const keys_smem = SharedBase() + stage * kDecodeTileBytes;
#pragma unroll
  for (int pass = 0; pass < kDecodeTileBytes / 16 / kDecodeThreads; ++pass) {
    const int flat = pass * kDecodeThreads + static_cast<int>(threadIdx.x);
    const int row = flat / Tile::kChunks;
    const int chunk = flat % Tile::kChunks;
    const bool valid = first + row < end;
    const char* const key_gmem = from.Row(valid ? first + row : end - 1, Tile::kRowBytes) + chunk * 16;
    char* const key_smem = keys_smem + Tile::Slot(row, chunk);
    // Zeros past the end: a value row of anything else could be a NaN behind a weight of zero.
    if constexpr (kAsync) {
      CpAsync16(SharedAddress(key_smem), key_gmem, valid);
      CpAsync16(SharedAddress(key_smem + Tile::kValues), key_gmem + to_values, valid);
    } else {
      *reinterpret_cast<uint4*>(key_smem) =
          valid ? *reinterpret_cast<const uint4*>(key_gmem) : uint4{0, 0, 0, 0};
      *reinterpret_cast<uint4*>(key_smem + Tile::kValues) =
          valid ? *reinterpret_cast<const uint4*>(key_gmem + to_values) : uint4{0, 0, 0, 0};
    }
  }
}

// One warp's share of a block.
template <class Cache, int kDim>
struct DecodeWarp {
  using Tile = DecodeTile<Cache, kDim>;
  static constexpr int kKeys = Tile::kKeys / 4;  // of this warp, in each tile
  // Lanes side by side own keys side by side; where there are fewer keys than lanes, groups of lanes share
  // them out by heads; where there are more, a lane owns several.
  static constexpr int kKeyLanes = kKeys < 32 ? kKeys : 32;
  static constexpr int kKeysOfLane = kKeys / kKeyLanes;
  static constexpr int kHeadsOfLane = kDecodeHeads * kKeyLanes / 32;
  static constexpr int kColumns = kDim / 32;
  struct alignas(kColumns * sizeof(typename Cache::Element)) Packed {
    typename Cache::Element numbers[kColumns];
  };

  const int heads;  // of this block, at most kDecodeHeads
  float out_reg[kDecodeHeads][kColumns];
  float row_max[kHeadsOfLane];
  float row_sum[kHeadsOfLane];  // of this lane's keys

  __device__ __forceinline__ int FirstHead() const { return LaneOfThread() / kKeyLanes * kHeadsOfLane; }

  __device__ __forceinline__ void Clear() {
#pragma unroll
    for (int h = 0; h < kDecodeHeads; ++h) {
#pragma unroll
      for (int c = 0; c < kColumns; ++c) out_reg[h][c] = 0.0f;
    }
#pragma unroll
    for (int h = 0; h < kHeadsOfLane; ++h) {
      row_max[h] = -INFINITY;
      row_sum[h] = 0.0f;
    }
  }

  // Scores of this lane's keys, in units of log2; -inf past the last token.
  __device__ __forceinline__ void Scores(int stage, int first_key, int valid_keys,
                                         float (&scores)[kKeysOfLane][kHeadsOfLane]) const {
    const char* const keys_smem = SharedBase() + stage * kDecodeTileBytes;
    const float* const q_smem =
        reinterpret_cast<const float*>(SharedBase() + Tile::kQueries) + FirstHead() * kDim;
#pragma unroll
    for (int k = 0; k < kKeysOfLane; ++k) {
      const int key = first_key + k * kKeyLanes + LaneOfThread() % kKeyLanes;
#pragma unroll
      for (int h = 0; h < kHeadsOfLane; ++h) scores[k][h] = 0.0f;
#pragma unroll 4
      for (int chunk = 0; chunk < Tile::kChunks; ++chunk) {
        const uint4 packed = *reinterpret_cast<const uint4*>(keys_smem + Tile::Slot(key, chunk));
        typename Cache::Element numbers[Tile::kPerChunk];
        memcpy(numbers, &packed, 16);
#pragma unroll
        for (int four = 0; four < Tile::kPerChunk; four += 4) {
          float key_reg[4];
#pragma unroll
          for (int i = 0; i < 4; ++i) key_reg[i] = Cache::Widen(numbers[four + i]);
#pragma unroll
          for (int h = 0; h < kHeadsOfLane; ++h) {
            if (FirstHead() + h >= heads) continue;
            const float4 q =
                *reinterpret_cast<const float4*>(q_smem + h * kDim + chunk * Tile::kPerChunk + four);
            scores[k][h] = fmaf(q.x, key_reg[0], scores[k][h]);
            scores[k][h] = fmaf(q.y, key_reg[1], scores[k][h]);
            scores[k][h] = fmaf(q.z, key_reg[2], scores[k][h]);
            scores[k][h] = fmaf(q.w, key_reg[3], scores[k][h]);
          }
        }
      }
      if (key >= valid_keys) {
#pragma unroll
        for (int h = 0; h < kHeadsOfLane; ++h) scores[k][h] = -INFINITY;
      }
    }
  }

  // Weights of this warp's keys to shared memory, and what the output so far is to be multiplied by. The
  // exact factor is 1 where the maximum stays.
  __device__ __forceinline__ void Softmax(const float (&scores)[kKeysOfLane][kHeadsOfLane], int first_key,
                                          float* weights_smem, float* shrink_smem) {
    const int first_head = FirstHead();
#pragma unroll
    for (int h = 0; h < kHeadsOfLane; ++h) {
      float largest = row_max[h];
#pragma unroll
      for (int k = 0; k < kKeysOfLane; ++k) largest = fmaxf(largest, scores[k][h]);
#pragma unroll
      for (int distance = kKeyLanes / 2; distance > 0; distance /= 2) {
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, distance));
      }
      // A warp that has seen no token yet: 0 in place of -inf keeps NaN out.
      const float shift = largest == -INFINITY ? 0.0f : largest;
      const float shrink = Exp2Approx(row_max[h] - shift);
      row_max[h] = largest;
      row_sum[h] *= shrink;
      if (LaneOfThread() % kKeyLanes == 0) shrink_smem[first_head + h] = shrink;
#pragma unroll
      for (int k = 0; k < kKeysOfLane; ++k) {
        const float weight = Exp2Approx(scores[k][h] - shift);
        row_sum[h] += weight;
        const int key = first_key + k * kKeyLanes + LaneOfThread() % kKeyLanes;
        weights_smem[key * kDecodeHeads + first_head + h] = weight;
      }
    }
  }

  // out = shrink * out + weights V over this warp's keys; this lane's columns.
  __device__ __forceinline__ void Values(int stage, int first_key, const float* weights_smem,
                                         const float* shrink_smem) {
    constexpr int kBytes = static_cast<int>(sizeof(Packed));
    const int chunk = LaneOfThread() * kBytes / 16;
    const char* const values_smem =
        SharedBase() + Tile::kValues + stage * kDecodeTileBytes + LaneOfThread() * kBytes % 16;
#pragma unroll
    for (int h = 0; h < kDecodeHeads; ++h) {
      if (h >= heads) continue;
#pragma unroll
      for (int c = 0; c < kColumns; ++c) out_reg[h][c] *= shrink_smem[h];
    }
#pragma unroll 2
    for (int k = 0; k < kKeys; ++k) {
      const int key = first_key + k;
      const Packed packed = *reinterpret_cast<const Packed*>(values_smem + Tile::Slot(key, chunk));
      float value_reg[kColumns];
#pragma unroll
      for (int c = 0; c < kColumns; ++c) value_reg[c] = Cache::Widen(packed.numbers[c]);
#pragma unroll
      for (int h = 0; h < kDecodeHeads; ++h) {
        if (h >= heads) continue;
        const float weight = weights_smem[key * kDecodeHeads + h];
#pragma unroll
        for (int c = 0; c < kColumns; ++c) out_reg[h][c] = fmaf(weight, value_reg[c], out_reg[h][c]);
      }
    }
  }
};

template <class T, class Cache, int kDim, bool kAsync>
__device__ __forceinline__ void Decode(const DecodeParams& params) {
  using Tile = DecodeTile<Cache, kDim>;
  using Warp = DecodeWarp<Cache, kDim>;
  const int group = params.heads / params.kvHeads;
  const int head_tiles = (group + kDecodeHeads - 1) / kDecodeHeads;
  long long rest = FlatBlock();
  const int part = static_cast<int>(rest % params.parts);
  rest /= params.parts;
  const int head_tile = static_cast<int>(rest % head_tiles);
  rest /= head_tiles;
  const int kv_head = static_cast<int>(rest % params.kvHeads);
  rest /= params.kvHeads;
  if (rest >= params.sequences) return;
  const int sequence = static_cast<int>(rest);
  const int first_head = kv_head * group + head_tile * kDecodeHeads;
  const int heads = min(group - head_tile * kDecodeHeads, kDecodeHeads);
  const long long first_row = static_cast<long long>(sequence) * params.heads + first_head;

  const int begin = part * params.part_tokens;
  const int end = min(params.lengths[sequence], begin + params.part_tokens);
  const int thread = static_cast<int>(threadIdx.x);
  if (begin >= end) {
    if (thread < heads) {
      params.part_max[(first_row + thread) * params.parts + part] = -INFINITY;
      params.part_sum[(first_row + thread) * params.parts + part] = 0.0f;
    }
    return;
  }

  const float* const scales =
      params.scales == nullptr ? nullptr : params.scales[sequence] + params.scale_offset;
  const float key_scale = scales == nullptr ? 1.0f : scales[kv_head];
  const float value_scale = scales == nullptr ? 1.0f : scales[params.kvHeads + kv_head];
  float* const q_smem = reinterpret_cast<float*>(SharedBase() + Tile::kQueries);
  const float factor = params.scale * key_scale * 1.4426950408889634f;  // log2(e)
  const typename T::Element* const q_gmem =
      static_cast<const typename T::Element*>(params.q) + first_row * kDim;
  for (int i = thread; i < heads * kDim; i += kDecodeThreads) q_smem[i] = T::Widen(q_gmem[i]) * factor;

  const DecodeSource source = {params, sequence, kv_head};
  const int warp = WarpOfThread();
  float* const weights_smem = reinterpret_cast<float*>(SharedBase() + Tile::kWeights);
  float* const state_smem = reinterpret_cast<float*>(SharedBase() + Tile::kState);
  Warp mine = {heads, {}, {}, {}};
  mine.Clear();
  const int first_key = warp * Warp::kKeys;

  DecodeFill<Cache, kDim, kAsync>(source, 0, begin, end);
  if constexpr (kAsync) CpAsyncCommit();
  int stage = 0;
  for (int first = begin; first < end; first += Tile::kKeys) {
    if (first + Tile::kKeys < end)
      DecodeFill<Cache, kDim, kAsync>(source, 1 - stage, first + Tile::kKeys, end);
    if constexpr (kAsync) {
      CpAsyncCommit();
      CpAsyncWait<1>();
    }
    __syncthreads();  // write -> read: the tile is there, and at first Q too
    float scores[Warp::kKeysOfLane][Warp::kHeadsOfLane];
    mine.Scores(stage, first_key, end - first, scores);
    mine.Softmax(scores, first_key, weights_smem, state_smem + warp * kDecodeHeads);
    __syncwarp();  // write -> read: the weights of this warp's keys are there
    mine.Values(stage, first_key, weights_smem, state_smem + warp * kDecodeHeads);
    __syncthreads();  // read -> write: all warps have read the tile, the weights and the factors
    stage = 1 - stage;
  }

  // The warps' parts, by way of the space of the tiles.
  float* const max_smem = state_smem;                              // [4, kDecodeHeads]
  float* const sum_smem = state_smem + 4 * kDecodeHeads;           // [4, kDecodeHeads]
  float* const out_smem = reinterpret_cast<float*>(SharedBase());  // [4, kDecodeHeads, kDim]
  const int lane = LaneOfThread();
#pragma unroll
  for (int h = 0; h < Warp::kHeadsOfLane; ++h) {
    float sum = mine.row_sum[h];
#pragma unroll
    for (int distance = Warp::kKeyLanes / 2; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(0xffffffff, sum, distance);
    }
    if (lane % Warp::kKeyLanes == 0) {
      max_smem[warp * kDecodeHeads + mine.FirstHead() + h] = mine.row_max[h];
      sum_smem[warp * kDecodeHeads + mine.FirstHead() + h] = sum;
    }
  }
#pragma unroll
  for (int h = 0; h < kDecodeHeads; ++h) {
    if (h >= heads) continue;
#pragma unroll
    for (int c = 0; c < Warp::kColumns; ++c) {
      out_smem[(warp * kDecodeHeads + h) * kDim + lane * Warp::kColumns + c] = mine.out_reg[h][c];
    }
  }
  __syncthreads();  // write -> read: the parts of all warps are there
  for (int i = thread; i < heads * kDim; i += kDecodeThreads) {
    const int h = i / kDim;
    const int d = i % kDim;
    float largest = max_smem[h];
    for (int w = 1; w < 4; ++w) largest = fmaxf(largest, max_smem[w * kDecodeHeads + h]);
    float out = 0.0f;
    float sum = 0.0f;
    for (int w = 0; w < 4; ++w) {
      const float weight = Exp2Approx(max_smem[w * kDecodeHeads + h] - largest);
      out = fmaf(weight, out_smem[(w * kDecodeHeads + h) * kDim + d], out);
      sum = fmaf(weight, sum_smem[w * kDecodeHeads + h], sum);
    }
    const long long row = (first_row + h) * params.parts + part;
    params.part_out[row * kDim + d] = out * value_scale;
    if (d == 0) {
      params.part_max[row] = largest;
      params.part_sum[row] = sum;
    }
  }
}

// Joins the parts of each row; a warp a row.
template <class T>
__device__ __forceinline__ void DecodeJoin(const DecodeParams& params) {
  const long long row = FlatBlock() * (kDecodeThreads / 32) + WarpOfThread();
  if (row >= static_cast<long long>(params.sequences) * params.heads) return;
  const float* const max_gmem = params.part_max + row * params.parts;
  const float* const sum_gmem = params.part_sum + row * params.parts;
  const float* const part_gmem = params.part_out + row * params.parts * params.headDim;
  float largest = -INFINITY;
  for (int part = 0; part < params.parts; ++part) largest = fmaxf(largest, max_gmem[part]);
  float sum = 0.0f;
  for (int part = 0; part < params.parts; ++part) {
    if (sum_gmem[part] > 0.0f) sum = fmaf(Exp2Approx(max_gmem[part] - largest), sum_gmem[part], sum);
  }
  const float inverse = sum > 0.0f ? 1.0f / sum : 0.0f;
  typename T::Element* const out_gmem = static_cast<typename T::Element*>(params.out) + row * params.headDim;
  for (int d = LaneOfThread(); d < params.headDim; d += 32) {
    float out = 0.0f;
    for (int part = 0; part < params.parts; ++part) {
      // The output of a part without tokens was never written.
      if (sum_gmem[part] > 0.0f) {
        out = fmaf(Exp2Approx(max_gmem[part] - largest), part_gmem[part * params.headDim + d], out);
      }
    }
    out_gmem[d] = T::Narrow(out * inverse);
  }
  if (params.lse != nullptr && LaneOfThread() == 0) {
    params.lse[row] = largest * 0.6931471805599453f + logf(sum);
  }
}

// Reads `chunks` chunks from end to end and keeps one number a thread, so that no load can be left out.
__device__ __forceinline__ void StreamRead(const StreamParams& params) {
  const long long stride = static_cast<long long>(gridDim.x) * gridDim.y * blockDim.x;
  const long long first = FlatBlock() * blockDim.x + threadIdx.x;
  const uint4* const in_gmem = static_cast<const uint4*>(params.in);
  unsigned mixed = 0;
#pragma unroll 8
  for (long long i = first; i < params.chunks; i += stride) {
    const uint4 chunk = in_gmem[i];
    mixed ^= chunk.x ^ chunk.y ^ chunk.z ^ chunk.w;
  }
  params.out[first] = mixed;
}

}  // namespace bytesper::attention
