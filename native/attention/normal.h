#pragma once

#include <cstdint>

#include "problem.h"

namespace bytesper {

// Writes `count` numbers of a standard normal distribution that depend on the seed, the stream and their
// index alone, so that every thread count and every device makes the same ones.
void FillNormal(DType type, uint64_t seed, uint64_t stream, int64_t count, int threads, void* out);

}  // namespace bytesper
