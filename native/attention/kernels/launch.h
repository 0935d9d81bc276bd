#pragma once

// What the host must know to launch a kernel of the fat binary. Plain C++, no CUDA headers.
//
// The launch contract, for every kernel:
//   1. blocks  = the number of blocks, from the function named at the kernel's table below;
//   2. grid    = GridFor(blocks), which folds any count into (x <= 2^31 - 1, y <= 65535, 1). The kernel
//                flattens the two again, and the blocks past the count leave at once;
//   3. block   = (threads, 1, 1);
//   4. shared  = sharedBytes of dynamic shared memory. Above kSharedBytesWithoutOptIn the host first sets
//                CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES of the function;
//   5. one argument: AttentionParams, or ElementParams for the element-wise kernels (params.h).
//
// What the host must refuse before a launch: tokens < 1 or > kMostTokens; headDim not a multiple of 16 or
// above the kernel's headDim; kvHeads that does not divide heads; a scale that is not positive and finite; a
// device whose compute capability (major * 10 + minor) is below the kernel's minArch.

namespace bytesper::attention {

inline constexpr long long kMostTokens = (1LL << 31) - 1024;
inline constexpr int kSharedBytesWithoutOptIn = 48 * 1024;

struct Grid {
  unsigned x;
  unsigned y;
  unsigned z;
};

constexpr Grid GridFor(long long blocks) {
  constexpr long long kMostX = (1LL << 31) - 1;
  const long long x = blocks < kMostX ? blocks : kMostX;
  return {static_cast<unsigned>(x), static_cast<unsigned>((blocks + x - 1) / x), 1};
}

constexpr long long CeilDiv(long long count, long long size) { return (count + size - 1) / size; }

// ---- Flash kernels ----

struct FlashTile {
  int queryRows;  // M: rows of Q that a block owns
  int keyRows;    // N: rows of K and V that one step of its loop reads
  int threads;
  int sharedBytes;
};

inline constexpr FlashTile kFlashSm80D64 = {128, 128, 128, (128 + 3 * 128) * 64 * 2};
inline constexpr FlashTile kFlashSm80D128 = {128, 64, 128, (128 + 3 * 64) * 128 * 2};
inline constexpr FlashTile kFlashSm75D64 = {128, 128, 256, (2 * 128) * 64 * 2};
inline constexpr FlashTile kFlashSm75D128 = {128, 64, 256, (2 * 64) * 128 * 2};
inline constexpr FlashTile kFlashFp32D64 = {64, 64, 256, (64 + 2 * 64) * 64 * 4};
inline constexpr FlashTile kFlashFp32D128 = {64, 32, 256, (64 + 2 * 32) * 128 * 4};

struct FlashKernel {
  const char* name;
  const char* dtype;  // fp32, fp16 or bf16
  int headDim;        // the largest it takes; smaller multiples of 16 are padded with zeros inside the kernel
  bool causal;
  int minArch;
  FlashTile tile;
};

// The first entry that fits dtype, headDim, causal and the device is the fastest one.
inline constexpr FlashKernel kFlashKernels[] = {
    {"bytesper_flash_fp16_d64_full", "fp16", 64, false, 80, kFlashSm80D64},
    {"bytesper_flash_fp16_d64_causal", "fp16", 64, true, 80, kFlashSm80D64},
    {"bytesper_flash_fp16_d128_full", "fp16", 128, false, 80, kFlashSm80D128},
    {"bytesper_flash_fp16_d128_causal", "fp16", 128, true, 80, kFlashSm80D128},
    {"bytesper_flash_bf16_d64_full", "bf16", 64, false, 80, kFlashSm80D64},
    {"bytesper_flash_bf16_d64_causal", "bf16", 64, true, 80, kFlashSm80D64},
    {"bytesper_flash_bf16_d128_full", "bf16", 128, false, 80, kFlashSm80D128},
    {"bytesper_flash_bf16_d128_causal", "bf16", 128, true, 80, kFlashSm80D128},
    {"bytesper_flash_sm75_fp16_d64_full", "fp16", 64, false, 75, kFlashSm75D64},
    {"bytesper_flash_sm75_fp16_d64_causal", "fp16", 64, true, 75, kFlashSm75D64},
    {"bytesper_flash_sm75_fp16_d128_full", "fp16", 128, false, 75, kFlashSm75D128},
    {"bytesper_flash_sm75_fp16_d128_causal", "fp16", 128, true, 75, kFlashSm75D128},
    {"bytesper_flash_fp32_d64_full", "fp32", 64, false, 75, kFlashFp32D64},
    {"bytesper_flash_fp32_d64_causal", "fp32", 64, true, 75, kFlashFp32D64},
    {"bytesper_flash_fp32_d128_full", "fp32", 128, false, 75, kFlashFp32D128},
    {"bytesper_flash_fp32_d128_causal", "fp32", 128, true, 75, kFlashFp32D128},
};

// ---- Flash kernels for sm_90a alone: the first choice where each was compared with double precision ----
//
// They differ from the contract above in three points:
//   1. grid: SM90 blocks stay and take one tile after another: min(FlashBlocks, processors of the device);
//   2. the argument is AttentionSm90Params, copied to the kernel by value (aligned to 128 bytes, as
//   CUtensorMap is);
//   3. minArch is the only one: code for sm_90a runs on no later device.
//
// A tensor map has rank 3, 16-bit elements of the kernel's type, sizes {headDim, tokens, heads in all},
// strides {headDim * 2, tokens * headDim * 2} bytes, element strides 1, no interleave, the 128-byte swizzle,
// zeros out of bounds, and boxes of {kSm90BoxColumns, queryRows for Q and keyRows for K and V, 1}.

inline constexpr int kSm90BoxColumns = 64;  // 128 bytes, a row of the swizzle
inline constexpr int kSm90StagesD64 = 4;    // of K, and of V
inline constexpr int kSm90StagesD128 = 2;
inline constexpr int kSm90BarrierBytes = 256;

// Registers a thread at launch: what the compiler gives a block that has a processor to itself. The pool that
// setmaxnreg moves them in is so many times the threads, not the processor's 65,536.
constexpr int Sm90LaunchRegisters(int threads) { return 65536 / threads / 8 * 8; }

constexpr int Sm90SharedBytes(int query_rows, int key_rows, int head_dim, int stages) {
  return (query_rows + 2 * stages * key_rows) * head_dim * 2 + kSm90BarrierBytes;
}

// A warpgroup that copies, and one more for every 64 rows of Q.
inline constexpr FlashTile kFlashSm90D64 = {192, 128, 512, Sm90SharedBytes(192, 128, 64, kSm90StagesD64)};
inline constexpr FlashTile kFlashSm90D128Causal = {128, 128, 384,
                                                   Sm90SharedBytes(128, 128, 128, kSm90StagesD128)};
// Without a mask more keys a step are better: fewer waits and rescalings. With one they would be masked in
// vain.
inline constexpr FlashTile kFlashSm90D128Full = {128, 176, 384,
                                                 Sm90SharedBytes(128, 176, 128, kSm90StagesD128)};

inline constexpr FlashKernel kFlashSm90Kernels[] = {
    {"bytesper_flash_sm90_fp16_d64_full", "fp16", 64, false, 90, kFlashSm90D64},
    {"bytesper_flash_sm90_fp16_d64_causal", "fp16", 64, true, 90, kFlashSm90D64},
    {"bytesper_flash_sm90_fp16_d128_full", "fp16", 128, false, 90, kFlashSm90D128Full},
    {"bytesper_flash_sm90_fp16_d128_causal", "fp16", 128, true, 90, kFlashSm90D128Causal},
    {"bytesper_flash_sm90_bf16_d64_full", "bf16", 64, false, 90, kFlashSm90D64},
    {"bytesper_flash_sm90_bf16_d64_causal", "bf16", 64, true, 90, kFlashSm90D64},
    {"bytesper_flash_sm90_bf16_d128_full", "bf16", 128, false, 90, kFlashSm90D128Full},
    {"bytesper_flash_sm90_bf16_d128_causal", "bf16", 128, true, 90, kFlashSm90D128Causal},
};

constexpr long long FlashBlocks(const FlashTile& tile, long long tokens, long long batch, long long heads) {
  return CeilDiv(tokens, tile.queryRows) * batch * heads;
}

// ---- The naive chain: bytesper_scores_* -> bytesper_softmax_* -> bytesper_values_* ----
//
// scores and values are named <dtype>_<score>: fp32_fp32, fp16_fp32, fp16_fp16, bf16_fp32, bf16_bf16.
// softmax_<score> works in place on `scores`; softmax_to_f32_<score> reads `scores` and writes fp32 to `out`.

struct NaiveLaunch {
  int tileRows;
  int tileColumns;
  int threads;
  int sharedBytes;
};

inline constexpr int kNaiveMostHeadDim = 256;
inline constexpr NaiveLaunch kScoresLaunch = {128, 128, 256, 2 * 32 * (128 + 4) * 4};
inline constexpr NaiveLaunch kValuesLaunch = {128, 64, 256, 32 * (128 + 4 + 64 + 4) * 4};
inline constexpr NaiveLaunch kSoftmaxLaunch = {1, 0, 256, 2 * 8 * 4};

constexpr long long ScoresBlocks(long long tokens, long long batch, long long heads) {
  return CeilDiv(tokens, kScoresLaunch.tileRows) * CeilDiv(tokens, kScoresLaunch.tileColumns) * batch * heads;
}

constexpr long long ValuesBlocks(long long tokens, long long batch, long long heads, long long headDim) {
  return CeilDiv(tokens, kValuesLaunch.tileRows) * CeilDiv(headDim, kValuesLaunch.tileColumns) * batch *
         heads;
}

constexpr long long SoftmaxBlocks(long long tokens, long long batch, long long heads) {
  return tokens * batch * heads;
}

// ---- Element-wise: bytesper_cast_*, bytesper_widen_*, bytesper_fill_normal_* ----

inline constexpr int kElementThreads = 256;

// These stride over the grid, so any positive number of blocks is right; this one covers every device.
constexpr long long ElementBlocks(long long count) {
  constexpr long long kEnough = 4096;
  const long long blocks = CeilDiv(count, kElementThreads);
  return blocks < 1 ? 1 : blocks < kEnough ? blocks : kEnough;
}

}  // namespace bytesper::attention
