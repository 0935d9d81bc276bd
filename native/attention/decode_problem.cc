#include <cmath>
#include <initializer_list>

#include "decode.h"

namespace bytesper {
namespace {

// 2^53: the last whole number that JavaScript counts exactly.
constexpr int64_t kMostBytes = int64_t{1} << 53;
// Kernels count layers, heads, sequences and tokens in 32 bits.
constexpr int64_t kMostCount = int64_t{1} << 20;
constexpr int64_t kMostTokens = int64_t{1} << 30;

bool Fits(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (const int64_t factor : factors) {
    if (factor > kMostBytes / product) return false;
    product *= factor;
  }
  return true;
}

bool PowerOfTwo(int64_t value) { return value > 0 && (value & (value - 1)) == 0; }

std::string Number(int64_t value) { return std::to_string(value); }

}  // namespace

int32_t DecodeProblem::MostTokens() const {
  int32_t most = 0;
  for (const int32_t length : lengths) most = length > most ? length : most;
  return most;
}

int64_t DecodeProblem::ReadBytes() const {
  int64_t tokens = 0;
  for (const int32_t length : lengths) tokens += length;
  return tokens * layers * 2 * kv_heads * head_dim * BytesOf(cache);
}

std::string Validate(const DecodeProblem& p, int64_t slabs) {
  if (p.layers < 1 || p.layers > kMostCount) return "layers must be a whole number from 1 to 2^20";
  if (p.heads < 1 || p.heads > kMostCount) return "heads must be a whole number from 1 to 2^20";
  if (p.kv_heads < 1 || p.kv_heads > p.heads || p.heads % p.kv_heads != 0) return "kvHeads must divide heads";
  if (p.head_dim != 64 && p.head_dim != 128 && p.head_dim != 256) return "headDim must be 64, 128 or 256";
  if (p.dtype != DType::kFp16 && p.dtype != DType::kBf16) return "dtype must be fp16 or bf16";
  if (p.cache != CacheType::kFp8 && (p.cache == CacheType::kFp16) != (p.dtype == DType::kFp16)) {
    return "a cache of 16 bits must have the type of the queries";
  }
  if (!std::isfinite(p.scale) || !(p.scale > 0)) return "scale must be a finite number above 0";
  const int64_t sequences = p.Sequences();
  if (sequences < 1 || sequences > kMostCount) return "lengths must tell of 1 to 2^20 sequences";
  if (p.page_tokens < 1 || p.page_tokens > kMostTokens)
    return "pageTokens must be a whole number from 1 to 2^30";
  if (p.paged && (!PowerOfTwo(p.page_tokens) || p.page_tokens < 16 || p.page_tokens > 256)) {
    return "a page must hold 16, 32, 64, 128 or 256 tokens";
  }
  if (!PowerOfTwo(p.pages_in_slab) || p.pages_in_slab > kMostCount) {
    return "pagesInSlab must be a power of two up to 2^20";
  }
  if (!p.paged && p.pages_in_slab != 1) return "a slab of a dense cache is one page";
  if (!Fits({p.layers, 2, p.pages_in_slab, p.kv_heads, p.page_tokens, p.head_dim, 2}) ||
      !Fits({p.layers, sequences, p.heads, p.head_dim, 128, 8}) || !Fits({sequences, p.kv_heads, 1024}) ||
      p.layers * 2 * p.kv_heads > (int64_t{1} << 30)) {
    return "the shape needs more than 2^53 bytes";
  }
  if (!p.paged && slabs != sequences) return "a dense cache has one slab for each sequence";
  if (slabs < 1 || slabs > kMostCount) return "there must be 1 to 2^20 slabs";
  if (p.paged) {
    if (p.table_width < 1 || static_cast<int64_t>(p.table.size()) != sequences * p.table_width) {
      return "the table must have as many pages for each sequence";
    }
  }
  for (int64_t s = 0; s < sequences; ++s) {
    const int64_t length = p.lengths[static_cast<size_t>(s)];
    if (length < 1) return "lengths must be whole numbers from 1";
    if (!p.paged && length > p.page_tokens) {
      return "sequence " + Number(s) + " has " + Number(length) + " tokens, and its slab has room for " +
             Number(p.page_tokens);
    }
    if (!p.paged) continue;
    const int64_t pages = (length + p.page_tokens - 1) / p.page_tokens;
    if (pages > p.table_width) {
      return "sequence " + Number(s) + " has " + Number(pages) + " pages, and the table has room for " +
             Number(p.table_width);
    }
    for (int64_t i = 0; i < pages; ++i) {
      const int64_t page = p.table[static_cast<size_t>(s * p.table_width + i)];
      if (page < 0 || page >= slabs * p.pages_in_slab) {
        return "the table names page " + Number(page) + ", and there are " + Number(slabs * p.pages_in_slab);
      }
    }
  }
  return "";
}

}  // namespace bytesper
