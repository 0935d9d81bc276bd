#pragma once

#include <cmath>

#include "launch.h"
#include "numeric.cuh"
#include "work.cuh"

// Softmax over the scores of the naive chain, one row a block, in fp32 whatever the scores are.

namespace bytesper::attention {

struct MaxAndSum {
  float largest;
  float sum;  // of exp(x - largest); 0 while nothing but -inf was seen
};

__device__ __forceinline__ MaxAndSum Join(MaxAndSum a, MaxAndSum b) {
  const float largest = fmaxf(a.largest, b.largest);
  if (largest == -INFINITY) return {-INFINITY, 0.0f};
  constexpr float kLog2E = 1.4426950408889634f;
  return {largest, a.sum * Exp2Approx((a.largest - largest) * kLog2E) +
                       b.sum * Exp2Approx((b.largest - largest) * kLog2E)};
}

__device__ __forceinline__ MaxAndSum JoinWarp(MaxAndSum mine) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    const MaxAndSum other = {__shfl_xor_sync(0xffffffff, mine.largest, distance),
                             __shfl_xor_sync(0xffffffff, mine.sum, distance)};
    mine = Join(mine, other);
  }
  return mine;
}

// Two passes over memory: one for the maximum and the sum together, one to write. A row of nothing but -inf
// becomes zeros.
template <class In, class Out>
__device__ __forceinline__ void SoftmaxRow(const typename In::Element* in_gmem,
                                           typename Out::Element* out_gmem, long long length) {
  constexpr int kWarps = kSoftmaxLaunch.threads / 32;
  constexpr float kLog2E = 1.4426950408889634f;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  float* const largest_smem = reinterpret_cast<float*>(SharedBase());  // [kWarps]
  float* const sum_smem = largest_smem + kWarps;                       // [kWarps]

  MaxAndSum row = {-INFINITY, 0.0f};
  for (long long i = threadIdx.x; i < length; i += kSoftmaxLaunch.threads) {
    row = Join(row, {In::Widen(in_gmem[i]), 1.0f});
  }
  row = JoinWarp(row);
  if (lane == 0) {
    largest_smem[warp] = row.largest;
    sum_smem[warp] = row.sum;
  }
  __syncthreads();  // write -> read: the parts of all warps are there
  row = {largest_smem[lane % kWarps], lane < kWarps ? sum_smem[lane] : 0.0f};
  row = JoinWarp(row);

  const float inverse = row.sum > 0.0f ? 1.0f / row.sum : 0.0f;
  const float shift = row.sum > 0.0f ? row.largest : 0.0f;
  // In place: a thread writes only the elements that it read itself.
  for (long long i = threadIdx.x; i < length; i += kSoftmaxLaunch.threads) {
    out_gmem[i] = Out::Narrow(Exp2Approx((In::Widen(in_gmem[i]) - shift) * kLog2E) * inverse);
  }
}

template <class In, class Out>
__device__ __forceinline__ void Softmax(const AttentionParams& params, void* out) {
  const long long row = FlatBlock();
  if (row >= HeadsInAll(params) * params.tokens) return;
  SoftmaxRow<In, Out>(static_cast<const typename In::Element*>(params.scores) + row * params.tokens,
                      static_cast<typename Out::Element*>(out) + row * params.tokens, params.tokens);
}

}  // namespace bytesper::attention
