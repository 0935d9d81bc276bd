#include "simd_portable.h"
// After the Vec that it is written for.
#include "cpu_decode.h"

namespace bytesper {
const CpuKernels* PortableKernels() {
  static constexpr CpuKernels kernels = KernelsOf("portable");
  return &kernels;
}
}  // namespace bytesper
