#pragma once

#include "launch.h"
#include "numeric.cuh"
#include "ptx_sm90.cuh"
#include "tile.cuh"
#include "work.cuh"

// Forward attention for sm_90a. One block a processor stays and takes tile after tile: kM rows of Q of one
// head.
//
// Roles. Warpgroup 0 copies: one of its threads feeds Q, K and V to the copy engine. Every other warpgroup
// owns 64 rows of the tile and everything of them: S and P in registers, O in registers until the tile ends.
//
// Spaces, in shared memory, with kHalves = kDim / 64. A row of 64 numbers is 128 bytes, and its 16-byte chunk
// c lies at c ^ (row % 8).
//   Q [kHalves, kM, 64]            filled by the copy engine, read by wgmma
//   K [kStages, kHalves, kN, 64]   the same
//   V [kStages, kHalves, kN, 64]   the same, read transposed
//   mbarriers                      below
// O goes from registers to global memory: the four lanes of a quad trade columns until each has whole chunks
// of 16 bytes. So shared memory is written by the copy engine alone, and read by products alone: both are of
// the asynchronous proxy, and no fence between the proxies is needed but the one after the mbarriers are
// made.
//
// Keys go from right to left, so that the masked blocks come first. Of a tile with n blocks a consumer does:
//   S = Q K[n-1]^T; mask; P, and then for i from n - 1 down to 1
//   issue S = Q K[i-1]^T; issue O += P V[i]; softmax of S while the second is under way; O *= shrink; P
// and at last O += P V[0]. So the products of one block run under the softmax of the next one.
//
// Hazards, and what closes them:
//   full[stage]    write -> read: the bytes of a stage are there. One arrival, the producer's, and its bytes.
//   empty[stage]   read -> write: every consumer warp is past its last product that reads the stage. Every
//                  warp arrives, for wgmma.wait_group speaks for the warp that waits.
//   turn[i]        no hazard: one warpgroup at a time issues, so that the softmax of one runs under the
//                  products of another. Each passes the turn to the next.

namespace bytesper::attention {

#if defined(BYTESPER_EMULATE) || BYTESPER_SM90A

template <int kDim, bool kCausal>
struct Sm90 {
  static constexpr FlashTile kTile = kDim == 64 ? kFlashSm90D64
                                     : kCausal  ? kFlashSm90D128Causal
                                                : kFlashSm90D128Full;
  static constexpr int kM = kTile.queryRows;
  static constexpr int kN = kTile.keyRows;
  static constexpr int kStages = kDim == 64 ? kSm90StagesD64 : kSm90StagesD128;
  static constexpr int kHalves = kDim / 64;
  static constexpr int kRowBytes = 128;
  static constexpr int kQueryBytes = kM * kDim * 2;
  static constexpr int kKeyBytes = kN * kDim * 2;  // of one stage of K, and of V

  static constexpr int kConsumers = kM / 64;
  static constexpr int kConsumerWarps = 4 * kConsumers;
  static_assert(128 * (kConsumers + 1) == kTile.threads, "a warpgroup that copies and one for 64 rows");
  // The producer gives up what the consumers take.
  static constexpr int kProducerRegisters = kConsumers == 2 ? 40 : 32;
  static constexpr int kConsumerRegisters = kConsumers == 2 ? 232 : 160;
  static_assert(128 * (kProducerRegisters + kConsumers * kConsumerRegisters) <=
                    kTile.threads * Sm90LaunchRegisters(kTile.threads),
                "the registers of the launch");

  static constexpr int kKeys = kQueryBytes;
  static constexpr int kValues = kKeys + kStages * kKeyBytes;
  static constexpr int kBarriers = kValues + kStages * kKeyBytes;
  static constexpr int kQueryFull = kBarriers;
  static constexpr int kQueryEmpty = kQueryFull + 8;
  static constexpr int kKeyFull = kQueryEmpty + 8;
  static constexpr int kKeyEmpty = kKeyFull + 8 * kStages;
  static constexpr int kValueFull = kKeyEmpty + 8 * kStages;
  static constexpr int kValueEmpty = kValueFull + 8 * kStages;
  static_assert(kValueEmpty + 8 * kStages <= kTile.sharedBytes, "launch.h and the kernel must agree");
};

// Blocks of keys are counted through all tiles of a block, on both sides: block `count` of K, and of V, takes
// stage count % kStages, and finds there the phase count / kStages of its barriers. A tile takes the K of its
// next block of keys before the V of the last one, so where K is at `count`, V is at count - 1. Tiles are
// counted the same way for Q, which has one stage.
template <int kStages>
__device__ __forceinline__ int StageOf(uint32_t count) {
  static_assert((kStages & (kStages - 1)) == 0, "a count may wrap");
  return static_cast<int>(count % kStages);
}
template <int kStages>
__device__ __forceinline__ uint32_t ParityOf(uint32_t count) {
  return count / kStages % 2;
}

struct Sm90Tile {
  int head;      // over batch and heads
  int key_head;  // over batch and kvHeads
  int first_row;
  bool exists;
};

// The tiles of a block: every gridDim.x-th of the list, in turns from the left and from the right. In causal
// order, longest first, each round is a little shorter than the last; going back and forth evens out who has
// the longer ones. The order of the list is that of QueryTileOf; the numbers have 32 bits, for the producer
// has few registers.
template <int kM, bool kCausal>
__device__ __forceinline__ Sm90Tile TileOfRound(int round, const AttentionParams& params) {
  const int heads = params.batch * params.heads;
  const int tiles = static_cast<int>((static_cast<uint32_t>(params.tokens) + kM - 1) / kM);
  const int blocks = static_cast<int>(gridDim.x);
  const int place = static_cast<int>(blockIdx.x);
  const int at = round * blocks + (round % 2 == 0 ? place : blocks - 1 - place);
  const int head = kCausal ? at % heads : at / tiles;
  const int tile = kCausal ? tiles - 1 - at / heads : at % tiles;
  const int key_head =
      head / params.heads * params.kvHeads + head % params.heads / (params.heads / params.kvHeads);
  return {head, key_head, tile * kM, at < heads * tiles};
}

// ---- wgmma operands ----

// A matrix of 16-bit numbers in shared memory under the 128-byte swizzle, that is in rows of 64 numbers with
// eight of them repeating after 1024 bytes. Where a row is one step of the sum (V), `leading` is the
// distance in bytes from 64 columns to the next 64; where a row lies along the sum (Q, K) it means nothing.
// Moving on by b bytes adds b / 16.
constexpr __device__ __forceinline__ uint64_t Sm90Matrix(uint32_t smem, uint32_t leading) {
  return uint64_t{(smem & 0x3ffff) >> 4} | uint64_t{leading >> 4} << 16 | uint64_t{1024 >> 4} << 32 |
         uint64_t{1} << 62;
}
constexpr __device__ __forceinline__ uint64_t MoveOn(uint64_t matrix, int bytes) {
  return matrix + static_cast<uint64_t>(bytes >> 4);
}

template <class T>
struct Wgmma;
template <>
struct Wgmma<Fp16> {
  template <class... Operands>
  static __device__ __forceinline__ void Transposed(Operands&&... operands) {
    WgmmaTransposedFp16(operands...);
  }
  template <class... Operands>
  static __device__ __forceinline__ void Add(Operands&&... operands) {
    WgmmaFp16(operands...);
  }
};
template <>
struct Wgmma<Bf16> {
  template <class... Operands>
  static __device__ __forceinline__ void Transposed(Operands&&... operands) {
    WgmmaTransposedBf16(operands...);
  }
  template <class... Operands>
  static __device__ __forceinline__ void Add(Operands&&... operands) {
    WgmmaBf16(operands...);
  }
};

// ---- The producer: one thread ----

template <int kDim, bool kCausal>
__device__ __forceinline__ void Sm90Produce(const AttentionSm90Params& params, uint32_t smem) {
  using S = Sm90<kDim, kCausal>;
  const AttentionParams& attention = params.attention;
  const int tokens = static_cast<int>(attention.tokens);
  PrefetchMap(params.q_map);
  PrefetchMap(params.k_map);
  PrefetchMap(params.v_map);

  // One stage of a ring: `rows` rows from `row` of `head`.
  const auto fill = [&](uint32_t parity, int full, int empty, int space, const TensorMap& map, int rows,
                        int row, int head, uint64_t policy) {
    // read -> write: all consumer warps have left the stage. At first nobody is there, and the wait ends at
    // once.
    MbarrierWait(smem + empty, parity ^ 1);
    MbarrierArriveExpect(smem + full, rows * kDim * 2);
#pragma unroll
    for (int half = 0; half < S::kHalves; ++half) {
      CopyBox(smem + space + half * rows * S::kRowBytes, map, half * kSm90BoxColumns, row, head, smem + full,
              policy);
    }
  };

  uint32_t count = 0;  // of blocks of keys
  for (int round = 0;; ++round) {
    const Sm90Tile tile = TileOfRound<S::kM, kCausal>(round, attention);
    if (!tile.exists) break;
    int first_key = (KeyStepsOf<S::kM, S::kN, kCausal>(tokens, tile.first_row).all - 1) * S::kN;
    fill(ParityOf<1>(round), S::kQueryFull, S::kQueryEmpty, 0, params.q_map, S::kM, tile.first_row, tile.head,
         ReadOncePolicy());
    const auto fill_keys = [&](uint32_t count, int first_key) {
      const int stage = StageOf<S::kStages>(count);
      fill(ParityOf<S::kStages>(count), S::kKeyFull + 8 * stage, S::kKeyEmpty + 8 * stage,
           S::kKeys + stage * S::kKeyBytes, params.k_map, S::kN, first_key, tile.key_head, ReadOftenPolicy());
    };
    const auto fill_values = [&](uint32_t count, int first_key) {
      const int stage = StageOf<S::kStages>(count);
      fill(ParityOf<S::kStages>(count), S::kValueFull + 8 * stage, S::kValueEmpty + 8 * stage,
           S::kValues + stage * S::kKeyBytes, params.v_map, S::kN, first_key, tile.key_head,
           ReadOftenPolicy());
    };
    fill_keys(count, first_key);
    for (; first_key > 0; first_key -= S::kN) {
      fill_keys(count + 1, first_key - S::kN);
      fill_values(count, first_key);
      ++count;
    }
    fill_values(count, 0);
    ++count;
  }
  // A block whose shared memory is given back while copies are under way would write into the next one's.
  // Every stage that was filled is waited for by consumers, and the block lives as long as they do.
}

// ---- A consumer: 64 rows of the tile ----

template <class T, int kDim, bool kCausal>
struct Sm90Consumer {
  using S = Sm90<kDim, kCausal>;
  static constexpr int kN = S::kN;

  const uint32_t smem;
  const int warpgroup;  // from 0, among the consumers
  const float scale_log2;

  // A lane of warp w holds rows 16w + lane / 4 (half 0) and the eighth after it (half 1); of every eight
  // columns those at 2 * (lane % 4) and the next. Element [n * 4 + 2 * half + e] is column 8n + 2 * (lane %
  // 4) + e.
  float scores_reg[kN / 2];
  float out_reg[kDim / 2];
  uint32_t probability_reg[kN / 16][4];
  float row_max[2];
  float row_sum[2];  // of this lane's columns alone, until the tile ends
  float shrink[2];

  uint32_t count;  // of blocks of keys whose scores are done; see StageOf

  // write -> read: the bytes of a block of K or V are there.
  __device__ __forceinline__ void Await(int full, uint32_t count) {
    MbarrierWait(smem + full + 8 * StageOf<S::kStages>(count), ParityOf<S::kStages>(count));
  }
  // read -> write: this warp's products over the block are done.
  __device__ __forceinline__ void Leave(int empty, uint32_t count) {
    if (LaneOfThread() == 0) MbarrierArrive(smem + empty + 8 * StageOf<S::kStages>(count));
  }

  __device__ __forceinline__ void WaitForTurn() { NamedBarrierWait(1 + warpgroup, 256); }
  __device__ __forceinline__ void PassTurn() {
    NamedBarrierArrive(1 + (warpgroup + 1 == S::kConsumers ? 0 : warpgroup + 1), 256);
  }

  // S = Q K^T [64, kN], in the background, with K of block `count`.
  __device__ __forceinline__ void IssueScores() {
    PinRegisters(scores_reg);
    WgmmaFence();  // S was read by ordinary instructions
    const uint64_t query_matrix = Sm90Matrix(smem + warpgroup * 64 * S::kRowBytes, 0);
    const uint64_t key_matrix = Sm90Matrix(smem + S::kKeys + StageOf<S::kStages>(count) * S::kKeyBytes, 0);
#pragma unroll
    for (int d = 0; d < kDim / 16; ++d) {
      const int in_row = d % 4 * 32;
      Wgmma<T>::Transposed(scores_reg, MoveOn(query_matrix, d / 4 * S::kM * S::kRowBytes + in_row),
                           MoveOn(key_matrix, d / 4 * kN * S::kRowBytes + in_row), d > 0);
    }
    WgmmaCommit();
  }

  // O += P V [64, kDim], in the background, with V of block count - 1.
  __device__ __forceinline__ void IssueValues() {
    PinRegisters(out_reg);
    PinRegisters(probability_reg);
    WgmmaFence();  // O was rescaled and P packed by ordinary instructions
    const uint64_t value_matrix =
        Sm90Matrix(smem + S::kValues + StageOf<S::kStages>(count - 1) * S::kKeyBytes, kN * S::kRowBytes);
#pragma unroll
    for (int n = 0; n < kN / 16; ++n) {
      Wgmma<T>::Add(out_reg, probability_reg[n], MoveOn(value_matrix, n * 16 * S::kRowBytes));
    }
    WgmmaCommit();
  }

  // Hides the keys that a row may not see. `end` is the first of them for row 0 of the warpgroup, counted
  // from the block's first key; in causal order each row sees one more than the row above.
  __device__ __forceinline__ void Mask(int end) {
    const int lane = LaneOfThread();
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int hidden = end + (kCausal ? WarpOfThread() % 4 * 16 + half * 8 + lane / 4 : 0) - 2 * (lane % 4);
#pragma unroll
      for (int n = 0; n < kN / 8; ++n) {
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          if (n * 8 + e >= hidden) scores_reg[n * 4 + 2 * half + e] = -INFINITY;
        }
      }
    }
  }

  // P = exp(scale * (S - row max)) in place of S. What was summed before is to be multiplied by `shrink`. In
  // a masked block a row may have seen no key yet: its maximum stays -inf, and 0 in its place keeps NaN out.
  template <bool kMasked>
  __device__ __forceinline__ void Softmax() {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float largest = row_max[half];
#pragma unroll
      for (int n = 0; n < kN / 8; ++n) {
        largest = fmaxf(largest, fmaxf(scores_reg[n * 4 + 2 * half], scores_reg[n * 4 + 2 * half + 1]));
      }
      largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, 1));
      largest = fmaxf(largest, __shfl_xor_sync(0xffffffff, largest, 2));
      const float shift = kMasked && largest == -INFINITY ? 0.0f : largest * scale_log2;
      // The difference first: where the maximum stays the factor is 1 to the last bit, however the compiler
      // contracts products and sums.
      shrink[half] = row_max[half] == largest ? 1.0f : Exp2Approx((row_max[half] - largest) * scale_log2);
      row_max[half] = largest;
      float sum = 0.0f;
#pragma unroll
      for (int n = 0; n < kN / 8; ++n) {
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          float& score = scores_reg[n * 4 + 2 * half + e];
          score = Exp2Approx(fmaf(score, scale_log2, -shift));
          sum += score;
        }
      }
      row_sum[half] = row_sum[half] * shrink[half] + sum;
    }
  }

  // Sixteen columns of S, packed, are the A operand of one product: P never leaves registers.
  __device__ __forceinline__ void Pack() {
#pragma unroll
    for (int n = 0; n < kN / 16; ++n) {
#pragma unroll
      for (int pair = 0; pair < 4; ++pair) {
        probability_reg[n][pair] = T::Pack(scores_reg[n * 8 + 2 * pair], scores_reg[n * 8 + 2 * pair + 1]);
      }
    }
  }

  // Where no maximum moved there is nothing to do, and after the first blocks few do.
  __device__ __forceinline__ void Rescale() {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      if (shrink[half] == 1.0f) continue;
#pragma unroll
      for (int n = 0; n < kDim / 8; ++n) {
        out_reg[n * 4 + 2 * half] *= shrink[half];
        out_reg[n * 4 + 2 * half + 1] *= shrink[half];
      }
    }
  }

  // The scores of block `count`, their softmax under the values of the block before.
  template <bool kMasked>
  __device__ __forceinline__ void Step(int end, uint32_t query_parity) {
    Await(S::kKeyFull, count);
    WaitForTurn();
    IssueScores();
    Await(S::kValueFull, count - 1);
    IssueValues();
    PassTurn();

    WgmmaWait<1>();  // S is there, O is under way
    PinRegisters(scores_reg);
    Leave(S::kKeyEmpty, count);
    if (kMasked) Mask(end);
    Softmax<kMasked>();

    // The compiler would move the wait up among the exponentials, and then softmax would stand still while
    // the products run. The phase of Q is over; the question is asked because it needs both sums, which are
    // never below zero.
    MbarrierTouch(smem + S::kQueryFull,
                  query_parity ^ static_cast<uint32_t>(fminf(row_sum[0], row_sum[1]) < 0.0f));
    WgmmaWait<0>();  // O is there, and P has been read
    PinRegisters(out_reg);
    PinRegisters(scores_reg);
    Leave(S::kValueEmpty, count - 1);
    Pack();
    Rescale();
    ++count;
  }

  __device__ __forceinline__ void Take(const AttentionParams& params, const Sm90Tile& tile,
                                       uint32_t query_parity) {
    const int tokens = static_cast<int>(params.tokens);
    const int first_row = tile.first_row + warpgroup * 64;
    int block = KeyStepsOf<S::kM, kN, kCausal>(tokens, tile.first_row).all - 1;
    // Blocks [0, unmasked) hide no key from any of these 64 rows.
    const int unmasked = (kCausal ? first_row + 1 : tokens) / kN;
    const auto end = [&] { return (kCausal ? first_row + 1 : tokens) - block * kN; };

#pragma unroll
    for (int i = 0; i < kDim / 2; ++i) out_reg[i] = 0.0f;
    row_max[0] = row_max[1] = -INFINITY;
    row_sum[0] = row_sum[1] = 0.0f;

    MbarrierWait(smem + S::kQueryFull, query_parity);  // write -> read: Q is there
    Await(S::kKeyFull, count);
    IssueScores();
    WgmmaWait<0>();
    PinRegisters(scores_reg);
    Leave(S::kKeyEmpty, count);
    ++count;
    if (block >= unmasked) Mask(end());
    Softmax<true>();
    Pack();

    while (block > 0 && block > unmasked) {
      --block;
      Step<true>(end(), query_parity);
    }
    while (block > 0) {
      --block;
      Step<false>(0, query_parity);
    }
    // read -> write: this warp's products over Q are done; the next tile's Q may come while this one ends.
    if (LaneOfThread() == 0) MbarrierArrive(smem + S::kQueryEmpty);

    Await(S::kValueFull, count - 1);
    IssueValues();
    WgmmaWait<0>();
    PinRegisters(out_reg);
    Leave(S::kValueEmpty, count - 1);
    Finish(params, tile.head * params.tokens + first_row, tokens - first_row);
  }

  // Four columns of registers side by side in a quad: register i of lane j goes to register j of lane i.
  __device__ __forceinline__ void TransposeQuad(uint32_t (&reg)[4]) {
    const int lane = LaneOfThread();
#pragma unroll
    for (int distance = 1; distance < 4; distance *= 2) {
      const bool upper = (lane & distance) != 0;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if ((i & distance) != 0) continue;
        uint32_t& low = reg[i];
        uint32_t& high = reg[i + distance];
        const uint32_t got = ShuffleXor(upper ? low : high, distance);
        if (upper) low = got;
        if (!upper) high = got;
      }
    }
  }

  // Divides by the row sums and stores the warp's 16 rows. valid_rows, of the warpgroup, may be zero or less.
  __device__ __forceinline__ void Finish(const AttentionParams& params, long long first_query,
                                         int valid_rows) {
    const int lane = LaneOfThread();
    const int warp = WarpOfThread() % 4;
    const int head_dim = params.headDim;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float sum = row_sum[half];
      sum += __shfl_xor_sync(0xffffffff, sum, 1);
      sum += __shfl_xor_sync(0xffffffff, sum, 2);
      const float inverse = 1.0f / sum;
      const int row = warp * 16 + half * 8 + lane / 4;
      if (params.lse != nullptr && lane % 4 == 0 && row < valid_rows) {
        params.lse[first_query + row] = row_max[half] * scale_log2 * 0.6931471805599453f + logf(sum);
      }
      uint16_t* const out_gmem = static_cast<uint16_t*>(params.out) + (first_query + row) * head_dim;
      // Of every 32 columns a lane holds two of each eight, and after the trade the eight of its own.
#pragma unroll
      for (int n = 0; n < kDim / 8; n += 4) {
        uint32_t reg[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          reg[i] = T::Pack(out_reg[(n + i) * 4 + 2 * half] * inverse,
                           out_reg[(n + i) * 4 + 2 * half + 1] * inverse);
        }
        TransposeQuad(reg);
        const int column = (n + lane % 4) * 8;
        if (row < valid_rows && column < head_dim) {
          *reinterpret_cast<uint4*>(out_gmem + column) = uint4{reg[0], reg[1], reg[2], reg[3]};
        }
      }
    }
  }
};

// ---- The block ----

template <class T, int kDim, bool kCausal>
__device__ __forceinline__ void FlashSm90(const AttentionSm90Params& params) {
  using S = Sm90<kDim, kCausal>;
  const uint32_t smem = SharedAddress(SharedBase());
  if (threadIdx.x == 0) {
    MbarrierInit(smem + S::kQueryFull, 1);
    MbarrierInit(smem + S::kQueryEmpty, S::kConsumerWarps);
    for (int stage = 0; stage < S::kStages; ++stage) {
      MbarrierInit(smem + S::kKeyFull + 8 * stage, 1);
      MbarrierInit(smem + S::kKeyEmpty + 8 * stage, S::kConsumerWarps);
      MbarrierInit(smem + S::kValueFull + 8 * stage, 1);
      MbarrierInit(smem + S::kValueEmpty + 8 * stage, S::kConsumerWarps);
    }
    MbarrierInitFence();
  }
  __syncthreads();  // write -> read: the barriers are there, for every thread

  const int warpgroup = WarpgroupOfThread();
  if (warpgroup == 0) {
    GiveRegistersBack<S::kProducerRegisters>();
    if (threadIdx.x == 0) Sm90Produce<kDim, kCausal>(params, smem);
  } else {
    TakeRegisters<S::kConsumerRegisters>();
    Sm90Consumer<T, kDim, kCausal> consumer = {
        smem, warpgroup - 1,
        params.attention.scale * 1.4426950408889634f,  // log2(e)
    };
    consumer.count = 0;
    if (warpgroup == S::kConsumers) consumer.PassTurn();  // the first turn
    for (int round = 0;; ++round) {
      const Sm90Tile tile = TileOfRound<S::kM, kCausal>(round, params.attention);
      if (!tile.exists) break;
      consumer.Take(params.attention, tile, ParityOf<1>(round));
    }
    // The last turn that was passed is taken, so that no barrier is left half full.
    if (warpgroup == 1) consumer.WaitForTurn();
  }
}

#endif

}  // namespace bytesper::attention
