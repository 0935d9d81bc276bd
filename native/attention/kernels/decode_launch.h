#pragma once

#include "launch.h"

// What the host must know to launch the kernels of decode: attention of one new token a sequence over a
// cache. Plain C++, no CUDA headers. None of them has run on hardware yet.
//
// Two launches a layer, by the launch contract of launch.h, each with DecodeParams:
//   1. bytesper_decode_<dtype>_<cache>_d<headDim>: DecodeBlocks blocks. Each takes one part of one sequence's
//   tokens,
//      for one key/value head and up to kDecodeHeads query heads that share it.
//   2. bytesper_decode_join_<dtype>: DecodeJoinBlocks blocks, which join the parts of each row.
// For 1 the host must have checked: lengths from 1, all pages of the table in range, headDim 64, 128 or 256.

namespace bytesper::attention {

inline constexpr int kDecodeThreads = 128;
// Query heads that one block serves: it reads a key once for all of them.
inline constexpr int kDecodeHeads = 8;
// Bytes of one tile of keys, and of values; there are two of each, so that one is filled while the other is
// read.
inline constexpr int kDecodeTileBytes = 8 * 1024;
inline constexpr int kDecodeMostParts = 128;

struct DecodeKernel {
  const char* name;
  const char* dtype;  // of queries and output
  const char* cache;  // fp16, bf16 or fp8
  int headDim;
  int minArch;
};

inline constexpr DecodeKernel kDecodeKernels[] = {
    {"bytesper_decode_fp16_fp16_d64", "fp16", "fp16", 64, 75},
    {"bytesper_decode_fp16_fp16_d128", "fp16", "fp16", 128, 75},
    {"bytesper_decode_fp16_fp16_d256", "fp16", "fp16", 256, 75},
    {"bytesper_decode_bf16_bf16_d64", "bf16", "bf16", 64, 75},
    {"bytesper_decode_bf16_bf16_d128", "bf16", "bf16", 128, 75},
    {"bytesper_decode_bf16_bf16_d256", "bf16", "bf16", 256, 75},
    {"bytesper_decode_fp16_fp8_d64", "fp16", "fp8", 64, 75},
    {"bytesper_decode_fp16_fp8_d128", "fp16", "fp8", 128, 75},
    {"bytesper_decode_fp16_fp8_d256", "fp16", "fp8", 256, 75},
    {"bytesper_decode_bf16_fp8_d64", "bf16", "fp8", 64, 75},
    {"bytesper_decode_bf16_fp8_d128", "bf16", "fp8", 128, 75},
    {"bytesper_decode_bf16_fp8_d256", "bf16", "fp8", 256, 75},
};

// Keys of one tile. A row is headDim numbers of one or two bytes.
constexpr int DecodeTileKeys(int row_bytes) { return kDecodeTileBytes / row_bytes; }

// Two tiles each of keys and values; the queries; scores or weights of one tile; and the state of each head.
constexpr int DecodeSharedBytes(int head_dim, int row_bytes) {
  return 4 * kDecodeTileBytes + kDecodeHeads * head_dim * 4 + DecodeTileKeys(row_bytes) * kDecodeHeads * 4 +
         12 * kDecodeHeads * 4;
}

constexpr long long DecodeHeadTiles(long long heads, long long kv_heads) {
  return CeilDiv(heads / kv_heads, kDecodeHeads);
}

// In how many parts the tokens of each sequence are cut, so that a device with `processors` is full, but no
// part is shorter than two tiles of the longest sequence.
constexpr int DecodeParts(long long most_tokens, long long sequences, long long heads, long long kv_heads,
                          int row_bytes, int processors) {
  const long long blocks = sequences * kv_heads * DecodeHeadTiles(heads, kv_heads);
  // Three to five blocks fit a processor by their shared memory and registers; four is the grid to aim at.
  const long long wanted = CeilDiv(4LL * processors, blocks);
  const long long sensible = CeilDiv(most_tokens, 2LL * DecodeTileKeys(row_bytes));
  const long long parts = wanted < sensible ? wanted : sensible;
  return static_cast<int>(parts < 1 ? 1 : parts < kDecodeMostParts ? parts : kDecodeMostParts);
}

constexpr long long DecodeBlocks(long long sequences, long long heads, long long kv_heads, int parts) {
  return sequences * kv_heads * DecodeHeadTiles(heads, kv_heads) * parts;
}

constexpr long long DecodeJoinBlocks(long long sequences, long long heads) {
  return CeilDiv(sequences * heads, kDecodeThreads / 32);
}

// Numbers of fp32 that the parts take: an output row, a maximum and a sum for each row and part.
constexpr long long DecodePartFloats(long long sequences, long long heads, long long head_dim, int parts) {
  return sequences * heads * parts * (head_dim + 2);
}

// ---- A read of memory from end to end: bytesper_stream_read, which measures bandwidth ----

inline constexpr int kStreamThreads = 256;
// Enough loads under way for any device; each thread writes one number at the end.
constexpr long long StreamBlocks(int processors) { return 8LL * processors; }

}  // namespace bytesper::attention
