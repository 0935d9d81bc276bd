#include "problem.h"

#include <cmath>
#include <initializer_list>

namespace bytesper {
namespace {

// 2^53: the last whole number that JavaScript counts exactly.
constexpr int64_t kMostBytes = int64_t{1} << 53;
constexpr int64_t kMostHeadDim = 256;

// Whether the product stays within kMostBytes; all factors are positive.
bool Fits(std::initializer_list<int64_t> factors) {
  int64_t product = 1;
  for (const int64_t factor : factors) {
    if (factor > kMostBytes / product) return false;
    product *= factor;
  }
  return true;
}

}  // namespace

std::string Validate(const AttentionProblem& p) {
  struct Size {
    const char* name;
    int64_t value;
  };
  const Size sizes[] = {{"batch", p.batch},
                        {"heads", p.heads},
                        {"kvHeads", p.kv_heads},
                        {"tokens", p.tokens},
                        {"headDim", p.head_dim}};
  for (const Size& size : sizes) {
    if (size.value < 1) return std::string(size.name) + " must be a whole number from 1";
  }
  if (p.heads % p.kv_heads != 0) return "kvHeads must divide heads";
  if (p.head_dim % 16 != 0 || p.head_dim > kMostHeadDim) {
    return "headDim must be a multiple of 16 up to " + std::to_string(kMostHeadDim);
  }
  if (!std::isfinite(p.scale)) return "scale must be a finite number";
  // Ten bytes an element is the most that the copies of the eager kernel come to.
  if (!Fits({p.batch, p.heads, p.tokens, p.tokens, 10}) ||
      !Fits({p.batch, p.heads, p.tokens, p.head_dim, 16})) {
    return "the shape needs more than 2^53 bytes";
  }
  return "";
}

}  // namespace bytesper
