#pragma once

#include "cuda_emulation.h"
#include "params.h"

// What ptx_sm90.cuh names, on the host. Everything in the background is made to show a missing wait:
// registers of a product are NaN from its issue to the wait for it, and the product may read its operands as
// early or as late as the machine may; shared memory that a copy will fill is NaN from its issue on, and the
// copy lands at any time before somebody needs it. Descriptors are decoded and numbers computed from the
// bytes they point at.

namespace emulation {

// Kinds of product: both operands by descriptor, B^T; or A in registers and B as it lies.
struct Product {
  int columns;  // of d
  bool bfloat;
  bool add;
  uint64_t a;             // descriptor
  const uint32_t* a_reg;  // [4], or null
  uint64_t b;
  float* d;  // [columns / 2]
};

void SetRegisters(int registers, bool more);
void NamedBarrierWait(int barrier, int threads);
void NamedBarrierArrive(int barrier, int threads);
void MbarrierInit(uint32_t barrier, int arrivals);
void MbarrierInitFence();
void MbarrierArrive(uint32_t barrier, int bytes);
void MbarrierWait(uint32_t barrier, uint32_t parity);
// The question of test_wait without its answer: nothing happens here, but the barrier must be there and its
// phase over.
void MbarrierTouch(uint32_t barrier, uint32_t parity);
// What ordinary stores wrote to shared memory is seen by copies and products from here on.
void FenceProxyAsync();
void CopyBox(uint32_t to, const bytesper::attention::TensorMap& map, int column, int row, int head,
             uint32_t barrier);
void WgmmaFence();
void WgmmaIssue(const Product& product);
void WgmmaCommit();
void WgmmaWait(int pending);

// cuTensorMapEncodeTiled for what this machine copies: rank 3, 16-bit numbers, 128-byte swizzle, zeros out of
// bounds. Answers CUDA_ERROR_INVALID_VALUE (1) for what the driver's manual forbids or this machine does not
// know.
int EncodeMap(void* map, int type, uint32_t rank, void* address, const uint64_t* sizes,
              const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides, int interleave,
              int swizzle, int promotion, int fill);

}  // namespace emulation

namespace bytesper::attention {

inline int WarpgroupOfThread() { return static_cast<int>(threadIdx.x) / 128; }
template <int kRegisters>
inline void GiveRegistersBack() {
  emulation::SetRegisters(kRegisters, false);
}
template <int kRegisters>
inline void TakeRegisters() {
  emulation::SetRegisters(kRegisters, true);
}

inline void NamedBarrierWait(int barrier, int threads) { emulation::NamedBarrierWait(barrier, threads); }
inline void NamedBarrierArrive(int barrier, int threads) { emulation::NamedBarrierArrive(barrier, threads); }

inline void MbarrierInit(uint32_t barrier_smem, int arrivals) {
  emulation::MbarrierInit(barrier_smem, arrivals);
}
inline void MbarrierInitFence() { emulation::MbarrierInitFence(); }
inline void MbarrierArrive(uint32_t barrier_smem) { emulation::MbarrierArrive(barrier_smem, 0); }
inline void MbarrierArriveExpect(uint32_t barrier_smem, int bytes) {
  emulation::MbarrierArrive(barrier_smem, bytes);
}
inline void MbarrierWait(uint32_t barrier_smem, uint32_t parity) {
  emulation::MbarrierWait(barrier_smem, parity);
}

inline void MbarrierTouch(uint32_t barrier_smem, uint32_t parity) {
  emulation::MbarrierTouch(barrier_smem, parity);
}

inline void PrefetchMap(const TensorMap&) {}
inline uint64_t ReadOncePolicy() { return 0; }
inline uint64_t ReadOftenPolicy() { return 0; }
inline void CopyBox(uint32_t to_smem, const TensorMap& map, int column, int row, int head,
                    uint32_t barrier_smem, uint64_t) {
  emulation::CopyBox(to_smem, map, column, row, head, barrier_smem);
}

template <class Registers>
inline void PinRegisters(Registers&) {}
inline void WgmmaFence() { emulation::WgmmaFence(); }
inline void WgmmaCommit() { emulation::WgmmaCommit(); }
template <int kPending>
inline void WgmmaWait() {
  emulation::WgmmaWait(kPending);
}

template <int kCount>
inline void WgmmaTransposedFp16(float (&d)[kCount], uint64_t a, uint64_t b, bool add) {
  emulation::WgmmaIssue({2 * kCount, false, add, a, nullptr, b, d});
}
template <int kCount>
inline void WgmmaTransposedBf16(float (&d)[kCount], uint64_t a, uint64_t b, bool add) {
  emulation::WgmmaIssue({2 * kCount, true, add, a, nullptr, b, d});
}
template <int kCount>
inline void WgmmaFp16(float (&d)[kCount], const uint32_t (&a)[4], uint64_t b) {
  emulation::WgmmaIssue({2 * kCount, false, true, 0, a, b, d});
}
template <int kCount>
inline void WgmmaBf16(float (&d)[kCount], const uint32_t (&a)[4], uint64_t b) {
  emulation::WgmmaIssue({2 * kCount, true, true, 0, a, b, d});
}

}  // namespace bytesper::attention
