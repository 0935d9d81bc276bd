#include "cpu_kernels.h"

#if defined(__x86_64__)

// For the rest of the file: templates take the target that holds where they are instantiated.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,f16c"))), \
                             apply_to = function)
#else
// The intrinsics of GCC 12 start some results from an unset register on purpose.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,f16c")
#endif

#include "simd_avx512.h"
// After the Vec that it is written for.
#include "cpu_decode.h"

namespace bytesper {
const CpuKernels* Avx512Kernels() {
  static constexpr CpuKernels kernels = KernelsOf("avx512");
  return &kernels;
}
}  // namespace bytesper

#if defined(__clang__)
#pragma clang attribute pop
#endif

#else
namespace bytesper {
const CpuKernels* Avx512Kernels() { return nullptr; }
}  // namespace bytesper
#endif
