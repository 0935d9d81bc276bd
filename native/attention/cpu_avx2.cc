#include "cpu_kernels.h"

#if defined(__x86_64__)

// For the rest of the file: templates take the target that holds where they are instantiated.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif

#include "simd_avx2.h"
// After the Vec that it is written for.
#include "cpu_decode.h"

namespace bytesper {
const CpuKernels* Avx2Kernels() {
  static constexpr CpuKernels kernels = KernelsOf("avx2");
  return &kernels;
}
}  // namespace bytesper

#if defined(__clang__)
#pragma clang attribute pop
#endif

#else
namespace bytesper {
const CpuKernels* Avx2Kernels() { return nullptr; }
}  // namespace bytesper
#endif
