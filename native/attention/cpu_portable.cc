#include "simd_portable.h"
// After the Vec that they are written for, in this order.
#include "cpu_steps.h"
#include "cpu_decode.h"

namespace bytesper {
const CpuKernels* PortableKernels() {
  static constexpr CpuKernels kernels = KernelsOf("portable");
  return &kernels;
}
}  // namespace bytesper
