#include <cstring>

#include "cpu_kernels.h"

namespace bytesper {

const CpuKernels* ChooseCpuKernels(const char* most) {
  struct Choice {
    const char* name;
    bool available;
    const CpuKernels* kernels;
  };
#if defined(__x86_64__)
  // The builtin asks the operating system as well whether it saves the registers.
  const bool avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
#else
  const bool avx2 = false;
  const bool avx512 = false;
#endif
  const Choice choices[] = {{"avx512", avx512, Avx512Kernels()},
                            {"avx2", avx2, Avx2Kernels()},
                            {"portable", true, PortableKernels()}};
  for (const Choice& choice : choices) {
    if (most != nullptr && strcmp(most, choice.name) != 0) continue;
    if (choice.available) return choice.kernels;
    if (most != nullptr) return nullptr;
  }
  return nullptr;
}

}  // namespace bytesper
