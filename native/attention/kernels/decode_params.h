#pragma once

#include <cstdint>

namespace bytesper::attention {

// Attention of one new token a sequence in one layer. All pointers are device addresses.
//
// A cache lies in slabs: allocations that hold `pages_in_slab` pages of all layers. One page holds
// `page_tokens` tokens of one layer as [kvHeads, page_tokens, headDim], once for keys and once for values. In
// a slab the pages of this layer's keys start at `key_offset` bytes and those of its values at
// `value_offset`, side by side.
//   paged: page p is page p % 2^slab_shift of slab p >> slab_shift; `table` [sequences, table_width] gives
//   the page
//          that holds tokens i * 2^page_shift and on of a sequence.
//   dense: `table` is null; slab s is one page with all tokens of sequence s. page_shift is 31, slab_shift 0.
struct DecodeParams {
  const void* q;               // [sequences, heads, headDim]
  void* out;                   // [sequences, heads, headDim]
  float* lse;                  // [sequences, heads], natural log; null: not written
  float* part_out;             // [sequences, heads, parts, headDim], not yet divided by the sums
  float* part_max;             // [sequences, heads, parts], in units of log2
  float* part_sum;             // [sequences, heads, parts]; 0 where a part has no token
  const void* const* slabs;    // [slabs], aligned to 16 bytes
  const int32_t* lengths;      // [sequences], tokens in the cache, from 1
  const int32_t* table;        // [sequences, table_width] or null
  const float* const* scales;  // [sequences], each [layers, 2, kvHeads]: what numbers of keys and values are
                               // multiplied by; null: 1
  long long key_offset;
  long long value_offset;
  long long page_bytes;  // of one layer's keys, or values: kvHeads * page_tokens * headDim * bytes
  int scale_offset;      // of this layer in `scales`, in numbers
  int table_width;
  int slab_shift;
  int page_shift;
  int page_tokens;
  int sequences;
  int heads;
  int kvHeads;  // divides heads
  int headDim;  // 64, 128 or 256
  int parts;
  int part_tokens;  // tokens of a part; a multiple of the tile. parts * part_tokens covers the longest
                    // sequence
  float scale;
};

struct StreamParams {
  const void* in;
  unsigned* out;     // [threads of the grid]
  long long chunks;  // of 16 bytes
};

}  // namespace bytesper::attention
