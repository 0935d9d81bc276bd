#pragma once

#include "params.h"
#include "ptx.cuh"

// The instructions of sm_90a by name. What is said here of their meaning is the PTX manual's. Under
// BYTESPER_EMULATE the same names run on the host.

#ifdef BYTESPER_EMULATE
#include "emulate/hopper_emulation.h"
#else

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define BYTESPER_SM90A 1

namespace bytesper::attention {

// ---- Roles ----

// The same in all lanes, and known to the compiler to be so: a branch on it is a branch of whole warps.
__device__ __forceinline__ int WarpgroupOfThread() {
  return __shfl_sync(0xffffffff, static_cast<int>(threadIdx.x) / 128, 0);
}

// Registers a thread from here on. By all warps of a warpgroup. The block has the registers of its launch
// alone: who takes more waits until others have given them back, and for ever if they never do.
template <int kRegisters>
__device__ __forceinline__ void GiveRegistersBack() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ __forceinline__ void TakeRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

// ---- Barriers of some of the block's warps; number 0 is __syncthreads ----

__device__ __forceinline__ void NamedBarrierWait(int barrier, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}
__device__ __forceinline__ void NamedBarrierArrive(int barrier, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}

// ---- mbarriers: 8 bytes of shared memory. A phase ends when `arrivals` have come and no bytes are owed ----

__device__ __forceinline__ void MbarrierInit(uint32_t barrier_smem, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier_smem), "r"(arrivals) : "memory");
}

// Shows this thread's inits to the copy engine. Other threads need a barrier besides.
__device__ __forceinline__ void MbarrierInitFence() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

__device__ __forceinline__ void MbarrierArrive(uint32_t barrier_smem) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier_smem) : "memory");
}

// One arrival, and `bytes` more that copies still owe this phase.
__device__ __forceinline__ void MbarrierArriveExpect(uint32_t barrier_smem, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier_smem), "r"(bytes)
               : "memory");
}

// Until the phase of this parity is over. On a fresh barrier the phase of parity 1 is.
__device__ __forceinline__ void MbarrierWait(uint32_t barrier_smem, uint32_t parity) {
  uint32_t over;
  do {
    asm volatile(
        "{\n.reg .pred over;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 over, [%1], %2;\n"
        "selp.u32 %0, 1, 0, over;\n}\n"
        : "=r"(over)
        : "r"(barrier_smem), "r"(parity)
        : "memory");
  } while (over == 0);
}

// Asks whether a phase is over, and forgets the answer. The question needs `parity` in a register, so what
// follows it in the program cannot run before all of what `parity` was made of.
__device__ __forceinline__ void MbarrierTouch(uint32_t barrier_smem, uint32_t parity) {
  asm volatile(
      "{\n.reg .pred over;\n"
      "mbarrier.test_wait.parity.shared::cta.b64 over, [%0], %1;\n}\n" ::"r"(barrier_smem),
      "r"(parity)
      : "memory");
}

// ---- The copy engine ----

__device__ __forceinline__ void PrefetchMap(const TensorMap& map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(reinterpret_cast<uint64_t>(&map)) : "memory");
}

// Q is read once, K and V by every tile of their head.
__device__ __forceinline__ uint64_t ReadOncePolicy() {
  uint64_t policy;
  asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
  return policy;
}
__device__ __forceinline__ uint64_t ReadOftenPolicy() {
  uint64_t policy;
  asm("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(policy));
  return policy;
}

// The map's box at (column, row, head) to shared memory; its bytes, zeros beyond the tensor included, are
// counted off at the mbarrier.
__device__ __forceinline__ void CopyBox(uint32_t to_smem, const TensorMap& map, int column, int row, int head,
                                        uint32_t barrier_smem, uint64_t policy) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint "
      "[%0], [%1, {%2, %3, %4}], [%5], %6;" ::"r"(to_smem),
      "l"(reinterpret_cast<uint64_t>(&map)), "r"(column), "r"(row), "r"(head), "r"(barrier_smem), "l"(policy)
      : "memory");
}

// ---- Products of a warpgroup, in the background ----

// Keeps the compiler from moving work on these registers across this point. No instruction.
template <int kCount>
__device__ __forceinline__ void PinRegisters(float (&reg)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) asm volatile("" : "+f"(reg[i])::"memory");
}
template <int kCount>
__device__ __forceinline__ void PinRegisters(uint32_t (&reg)[kCount][4]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    asm volatile("" : "+r"(reg[i][0]), "+r"(reg[i][1]), "+r"(reg[i][2]), "+r"(reg[i][3])::"memory");
  }
}

// Orders what was written to registers before the products that follow.
__device__ __forceinline__ void WgmmaFence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
// Closes a group of products.
__device__ __forceinline__ void WgmmaCommit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
// Until at most kPending of the newest groups are under way. Before it the registers of a product may be
// neither read nor written.
template <int kPending>
__device__ __forceinline__ void WgmmaWait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

#define BYTESPER_EIGHT(d, i)                                                                  \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), \
      "+f"(d[i + 6]), "+f"(d[i + 7])

// d[64, 128] = a[64, 16] b[128, 16]^T, or += where `add`. Both by descriptor, rows of 16 numbers side by
// side.
__device__ __forceinline__ void WgmmaTransposedFp16(float (&d)[64], uint64_t a, uint64_t b, bool add) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, %66, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
      "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
      "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
      "%64, %65, add, 1, 1, 0, 0;\n}\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24),
        BYTESPER_EIGHT(d, 32), BYTESPER_EIGHT(d, 40), BYTESPER_EIGHT(d, 48), BYTESPER_EIGHT(d, 56)
      : "l"(a), "l"(b), "r"(add ? 1 : 0));
}

__device__ __forceinline__ void WgmmaTransposedBf16(float (&d)[64], uint64_t a, uint64_t b, bool add) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, %66, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
      "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
      "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
      "%64, %65, add, 1, 1, 0, 0;\n}\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24),
        BYTESPER_EIGHT(d, 32), BYTESPER_EIGHT(d, 40), BYTESPER_EIGHT(d, 48), BYTESPER_EIGHT(d, 56)
      : "l"(a), "l"(b), "r"(add ? 1 : 0));
}

// The same with 176 columns.
__device__ __forceinline__ void WgmmaTransposedFp16(float (&d)[88], uint64_t a, uint64_t b, bool add) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, %90, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n176k16.f32.f16.f16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
      "%36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, "
      "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, "
      "%72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87}, "
      "%88, %89, add, 1, 1, 0, 0;\n}\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24),
        BYTESPER_EIGHT(d, 32), BYTESPER_EIGHT(d, 40), BYTESPER_EIGHT(d, 48), BYTESPER_EIGHT(d, 56),
        BYTESPER_EIGHT(d, 64), BYTESPER_EIGHT(d, 72), BYTESPER_EIGHT(d, 80)
      : "l"(a), "l"(b), "r"(add ? 1 : 0));
}

__device__ __forceinline__ void WgmmaTransposedBf16(float (&d)[88], uint64_t a, uint64_t b, bool add) {
  asm volatile(
      "{\n.reg .pred add;\nsetp.ne.b32 add, %90, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n176k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, "
      "%36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, "
      "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, %71, "
      "%72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87}, "
      "%88, %89, add, 1, 1, 0, 0;\n}\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24),
        BYTESPER_EIGHT(d, 32), BYTESPER_EIGHT(d, 40), BYTESPER_EIGHT(d, 48), BYTESPER_EIGHT(d, 56),
        BYTESPER_EIGHT(d, 64), BYTESPER_EIGHT(d, 72), BYTESPER_EIGHT(d, 80)
      : "l"(a), "l"(b), "r"(add ? 1 : 0));
}

// d[64, n] += a[64, 16] b[16, n], a from registers, b by descriptor, rows of n numbers.
__device__ __forceinline__ void WgmmaFp16(float (&d)[32], const uint32_t (&a)[4], uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
      "{%32, %33, %34, %35}, %36, 1, 1, 1, 1;\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

__device__ __forceinline__ void WgmmaBf16(float (&d)[32], const uint32_t (&a)[4], uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
      "{%32, %33, %34, %35}, %36, 1, 1, 1, 1;\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

__device__ __forceinline__ void WgmmaFp16(float (&d)[64], const uint32_t (&a)[4], uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
      "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
      "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
      "{%64, %65, %66, %67}, %68, 1, 1, 1, 1;\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24),
        BYTESPER_EIGHT(d, 32), BYTESPER_EIGHT(d, 40), BYTESPER_EIGHT(d, 48), BYTESPER_EIGHT(d, 56)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

__device__ __forceinline__ void WgmmaBf16(float (&d)[64], const uint32_t (&a)[4], uint64_t b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, "
      "%18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, "
      "%34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, "
      "%50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
      "{%64, %65, %66, %67}, %68, 1, 1, 1, 1;\n"
      : BYTESPER_EIGHT(d, 0), BYTESPER_EIGHT(d, 8), BYTESPER_EIGHT(d, 16), BYTESPER_EIGHT(d, 24),
        BYTESPER_EIGHT(d, 32), BYTESPER_EIGHT(d, 40), BYTESPER_EIGHT(d, 48), BYTESPER_EIGHT(d, 56)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

#undef BYTESPER_EIGHT

}  // namespace bytesper::attention

#else
#define BYTESPER_SM90A 0
#endif  // __CUDA_ARCH_FEAT_SM90_ALL

#endif  // BYTESPER_EMULATE
