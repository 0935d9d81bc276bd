#pragma once

// Enough of CUDA to run the kernels of this folder as plain C++ on the host: one fiber a thread, blocks one
// after another, warp instructions with the fragment layouts that the PTX manual documents. Made to catch
// mistakes: fibers run in hostile orders, cp.async lands as late as it may or at once, shared memory starts
// as NaN, and lanes that disagree on an instruction, bad addresses and deadlocks end the program.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

#define __device__
#define __global__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__

struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace emulation {

struct Index {
  unsigned x, y, z;
};

// In which order fibers run, and when a copy in the background lands. All are allowed by the machine.
enum class Order { kFirstWarpAhead, kLastWarpAhead, kShuffled };
enum class Landing { kLate, kAtOnce, kShuffled };

struct Launch {
  Index grid;
  int threads;
  int shared_bytes;
  Order order;
  Landing landing;
  uint64_t seed;
};

// Runs every block of a kernel; exits with a message where the emulated machine would misbehave.
void Run(const Launch& launch, const std::function<void()>& kernel);

extern unsigned current;  // the thread that runs
inline Index ThreadIndex() { return {current, 0, 0}; }
Index BlockIndex();
Index GridSize();
Index BlockSize();

// ---- Number formats, round to nearest even ----

inline uint32_t BitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

inline float FloatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

float HalfToFloat(uint16_t bits);
uint16_t FloatToHalf(float value);

inline float BfloatToFloat(uint16_t bits) { return FloatOf(uint32_t{bits} << 16); }

inline uint16_t FloatToBfloat(float value) {
  const uint32_t bits = BitsOf(value);
  if (std::isnan(value)) return 0x7fff;
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// ---- Instructions ----

char* SharedBase();
uint32_t SharedAddress(const void* pointer);
void SyncThreads();
void SyncWarp();
float ShuffleXor(float value, int mask);
void LdMatrixX4(uint32_t* reg, uint32_t row_smem, bool transposed);
void Mma(float* d, const uint32_t* a, int a_count, const uint32_t* b, int b_count, bool bfloat);
void CpAsync16(uint32_t to_smem, const void* from_gmem, bool valid);
void CpAsyncCommit();
void CpAsyncWait(int pending);

}  // namespace emulation

#define threadIdx (::emulation::ThreadIndex())
#define blockIdx (::emulation::BlockIndex())
#define gridDim (::emulation::GridSize())
#define blockDim (::emulation::BlockSize())

using std::min;

inline void __syncthreads() { emulation::SyncThreads(); }
inline void __syncwarp() { emulation::SyncWarp(); }
inline float __shfl_xor_sync(unsigned, float value, int mask) { return emulation::ShuffleXor(value, mask); }

namespace bytesper::attention {

namespace emulation = ::emulation;

inline char* SharedBase() { return emulation::SharedBase(); }
inline uint32_t SharedAddress(const void* pointer_smem) { return emulation::SharedAddress(pointer_smem); }
inline void ForgetOrigin(uint32_t&) {}
inline uint32_t ShuffleXor(uint32_t bits, int mask) {
  return emulation::BitsOf(emulation::ShuffleXor(emulation::FloatOf(bits), mask));
}
inline float Exp2Approx(float x) { return std::exp2(x); }

inline void LdMatrixX4(uint32_t (&reg)[4], uint32_t row_smem) { emulation::LdMatrixX4(reg, row_smem, false); }
inline void LdMatrixX4Trans(uint32_t (&reg)[4], uint32_t row_smem) {
  emulation::LdMatrixX4(reg, row_smem, true);
}

inline void MmaM16N8K8Fp16(float (&d)[4], uint32_t a0, uint32_t a1, uint32_t b0) {
  const uint32_t a[2] = {a0, a1};
  emulation::Mma(d, a, 2, &b0, 1, false);
}

inline void MmaM16N8K16Fp16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  const uint32_t b[2] = {b0, b1};
  emulation::Mma(d, a, 4, b, 2, false);
}

inline void MmaM16N8K16Bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  const uint32_t b[2] = {b0, b1};
  emulation::Mma(d, a, 4, b, 2, true);
}

inline void CpAsync16(uint32_t to_smem, const void* from_gmem, bool valid) {
  emulation::CpAsync16(to_smem, from_gmem, valid);
}
inline void CpAsyncCommit() { emulation::CpAsyncCommit(); }
template <int kPending>
inline void CpAsyncWait() {
  emulation::CpAsyncWait(kPending);
}

}  // namespace bytesper::attention
