#pragma once

#include "params.h"
#include "ptx.cuh"

// Which part of the problem a block owns.

namespace bytesper::attention {

// Undoes GridFor of launch.h. Asked twice, it is worked out twice: nothing of it lives in registers in
// between.
__device__ __forceinline__ long long FlatBlock() {
  uint32_t x = blockIdx.x;
  ForgetOrigin(x);
  return x + static_cast<long long>(blockIdx.y) * gridDim.x;
}

__device__ __forceinline__ long long HeadsInAll(const AttentionParams& params) {
  return static_cast<long long>(params.batch) * params.heads;
}

__device__ __forceinline__ int LaneOfThread() {
  uint32_t x = threadIdx.x;
  ForgetOrigin(x);
  return static_cast<int>(x % 32);
}

__device__ __forceinline__ int WarpOfThread() {
  uint32_t x = threadIdx.x;
  ForgetOrigin(x);
  return static_cast<int>(x / 32);
}

// `head` counts over batch and heads; so does the result, over batch and kvHeads.
__device__ __forceinline__ long long KeyHeadOf(const AttentionParams& params, long long head) {
  const int group = params.heads / params.kvHeads;
  return head / params.heads * params.kvHeads + head % params.heads / group;
}

struct QueryTile {
  long long head;      // over batch and heads
  long long key_head;  // over batch and kvHeads
  int first_row;
  bool exists;
};

// Full attention: the tiles of a head are neighbours and share its keys in L2. Causal: the tiles with the
// most keys of all heads come first, so that the short ones fill the gaps at the end.
template <int kQueryRows, bool kCausal>
__device__ __forceinline__ QueryTile QueryTileOf(long long block, const AttentionParams& params) {
  const long long heads = HeadsInAll(params);
  const long long tiles = (params.tokens + kQueryRows - 1) / kQueryRows;
  const long long head = kCausal ? block % heads : block / tiles;
  const long long tile = kCausal ? tiles - 1 - block / heads : block % tiles;
  return {head, KeyHeadOf(params, head), static_cast<int>(tile * kQueryRows), block < heads * tiles};
}

// The steps over blocks of kKeyRows keys: [0, unmasked) need no mask, [unmasked, all) do.
struct KeySteps {
  int unmasked;
  int all;
};

template <int kQueryRows, int kKeyRows, bool kCausal>
__device__ __forceinline__ KeySteps KeyStepsOf(int tokens, int first_row) {
  if (!kCausal) return {tokens / kKeyRows, (tokens + kKeyRows - 1) / kKeyRows};
  const int end = min(first_row + kQueryRows, tokens);
  return {(first_row + 1) / kKeyRows, (end + kKeyRows - 1) / kKeyRows};
}

}  // namespace bytesper::attention
