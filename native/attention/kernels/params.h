#pragma once

// Parameter blocks passed by value to the kernels. Shared with the host, so plain C++ and no CUDA headers.

namespace bytesper::attention {

// All tensors are contiguous; pointers are device addresses aligned to 16 bytes.
struct AttentionParams {
  const void* q;  // [batch, heads, tokens, headDim]
  const void* k;  // [batch, kvHeads, tokens, headDim]
  const void* v;  // [batch, kvHeads, tokens, headDim]
  void* out;      // [batch, heads, tokens, headDim]
  float* lse;     // [batch, heads, tokens], natural log; null: not written. Flash kernels only
  void* scores;   // [batch, heads, tokens, tokens]; kernels of the naive chain only
  long long tokens;
  int batch;
  int heads;
  int kvHeads;  // divides heads
  int headDim;  // a multiple of 16
  float scale;  // positive and finite
  int causal;   // read by bytesper_scores_* alone; flash kernels carry it in their name
};

// For the kernels that go over `count` elements one by one.
struct ElementParams {
  const void* in;  // unused by bytesper_fill_normal_*
  void* out;
  long long count;
  unsigned long long seed;  // bytesper_fill_normal_* only
};

// A CUtensorMap, which the driver encodes and the copy engine reads.
struct alignas(128) TensorMap {
  unsigned char opaque[128];
};

// For bytesper_flash_sm90_*. The maps are of [heads, tokens, headDim], as launch.h says.
struct AttentionSm90Params {
  TensorMap q_map;
  TensorMap k_map;
  TensorMap v_map;
  AttentionParams attention;
};

}  // namespace bytesper::attention
