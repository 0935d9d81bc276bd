#include "normal.h"

#include "../parallel.h"
#include "half.h"
#include "kernels/rough_normal.h"

namespace bytesper {
namespace {

constexpr int64_t kChunk = int64_t{1} << 18;

}  // namespace

void FillNormal(DType type, uint64_t seed, uint64_t stream, int64_t count, int threads, void* out) {
  const uint64_t stream_seed = attention::StreamSeed(seed, stream);
  ParallelFor(threads, (count + kChunk - 1) / kChunk, [&](int64_t chunk, int) {
    const int64_t end = (chunk + 1) * kChunk < count ? (chunk + 1) * kChunk : count;
    for (int64_t i = chunk * kChunk; i < end; ++i) {
      const float value = attention::RoughlyNormal(stream_seed, static_cast<uint64_t>(i));
      if (type == DType::kFp32) static_cast<float*>(out)[i] = value;
      if (type == DType::kFp16) static_cast<uint16_t*>(out)[i] = FloatToFp16(value);
      if (type == DType::kBf16) static_cast<uint16_t*>(out)[i] = FloatToBf16(value);
    }
  });
}

}  // namespace bytesper
