#pragma once

// The machine instructions that C++ cannot name. Under BYTESPER_EMULATE the same names run on the host.

#ifdef BYTESPER_EMULATE
#include "emulate/cuda_emulation.h"
#else

#include <cstdint>

namespace bytesper::attention {

__device__ __forceinline__ char* SharedBase() {
  extern __shared__ __align__(1024) char dynamic_smem[];
  return dynamic_smem;
}

__device__ __forceinline__ uint32_t SharedAddress(const void* pointer_smem) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer_smem));
}

// Hides where a value came from, so that what is derived from it is derived anew instead of kept in registers
// across a loop. No instruction.
__device__ __forceinline__ void ForgetOrigin(uint32_t& value) { asm volatile("" : "+r"(value)); }

// 32 bits of the lane whose number differs by `mask`.
__device__ __forceinline__ uint32_t ShuffleXor(uint32_t bits, int mask) {
  return __shfl_xor_sync(0xffffffff, bits, mask);
}

// 2^x, to about 2^-22 relative; 2^-inf is 0.
__device__ __forceinline__ float Exp2Approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// Four 8x8 matrices of 16-bit values. Lane i gives the address of row i % 8 of matrix i / 8; register j of a
// lane holds row lane / 4, columns 2 * (lane % 4) and the next, of matrix j.
__device__ __forceinline__ void LdMatrixX4(uint32_t (&reg)[4], uint32_t row_smem) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(reg[0]), "=r"(reg[1]), "=r"(reg[2]), "=r"(reg[3])
               : "r"(row_smem)
               : "memory");
}

// The same with each matrix transposed on the way.
__device__ __forceinline__ void LdMatrixX4Trans(uint32_t (&reg)[4], uint32_t row_smem) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(reg[0]), "=r"(reg[1]), "=r"(reg[2]), "=r"(reg[3])
               : "r"(row_smem)
               : "memory");
}

// d[16, 8] += a[16, 8] b[8, 8], fp16 in, fp32 sum.
__device__ __forceinline__ void MmaM16N8K8Fp16(float (&d)[4], uint32_t a0, uint32_t a1, uint32_t b0) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a0), "r"(a1), "r"(b0));
}

// d[16, 8] += a[16, 16] b[16, 8], fp16 in, fp32 sum. sm_80 and later, as all below.
__device__ __forceinline__ void MmaM16N8K16Fp16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                                uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void MmaM16N8K16Bf16(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                                uint32_t b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// 16 bytes from global to shared memory in the background. Not valid: writes zeros and reads nothing, so the
// source may then lie past the end of its buffer.
__device__ __forceinline__ void CpAsync16(uint32_t to_smem, const void* from_gmem, bool valid) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(to_smem),
               "l"(__cvta_generic_to_global(from_gmem)), "r"(valid ? 16 : 0)
               : "memory");
}

__device__ __forceinline__ void CpAsyncCommit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most kPending of this thread's newest groups are under way.
template <int kPending>
__device__ __forceinline__ void CpAsyncWait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

}  // namespace bytesper::attention

#endif  // BYTESPER_EMULATE
