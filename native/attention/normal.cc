#include "normal.h"

#include "../parallel.h"
#include "half.h"

namespace bytesper {
namespace {

constexpr int64_t kChunk = int64_t{1} << 18;

// The output function of SplitMix64 (Steele, Lea and Flood, 2014): a bijection whose outputs pass as random.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// The sum of eight independent uniform numbers, shifted and scaled to mean 0 and variance 1: near enough to
// normal for an input, and the same on all machines, as only whole numbers are added.
float Normal(uint64_t seed, uint64_t index) {
  const uint64_t a = Mix(seed ^ Mix(2 * index));
  const uint64_t b = Mix(seed ^ Mix(2 * index + 1));
  int64_t sum = 0;
  for (int shift = 0; shift < 64; shift += 16) {
    sum += static_cast<int64_t>((a >> shift) & 0xffffu) + static_cast<int64_t>((b >> shift) & 0xffffu);
  }
  // A uniform number of 16 bits has variance (2^32 - 1) / 12.
  constexpr float kInverseDeviation = 1.0f / 53509.85f;
  return static_cast<float>(sum - 8 * 65535 / 2) * kInverseDeviation;
}

}  // namespace

void FillNormal(DType type, uint64_t seed, uint64_t stream, int64_t count, int threads, void* out) {
  const uint64_t mixed = Mix(seed + Mix(stream));
  ParallelFor(threads, (count + kChunk - 1) / kChunk, [&](int64_t chunk, int) {
    const int64_t end = (chunk + 1) * kChunk < count ? (chunk + 1) * kChunk : count;
    for (int64_t i = chunk * kChunk; i < end; ++i) {
      const float value = Normal(mixed, static_cast<uint64_t>(i));
      if (type == DType::kFp32) static_cast<float*>(out)[i] = value;
      if (type == DType::kFp16) static_cast<uint16_t*>(out)[i] = FloatToFp16(value);
      if (type == DType::kBf16) static_cast<uint16_t*>(out)[i] = FloatToBf16(value);
    }
  });
}

}  // namespace bytesper
