#pragma once

#include <cstdint>

namespace peers {

// What a library contributes. All matrices are row-major and dense.
struct GemmLibrary {
  const char* name;
  const char* version;
  // c[m, n] = alpha * a[m, k] * b[n, k] transposed.
  void (*times_transposed)(int64_t m, int64_t n, int64_t k, float alpha, const float* a, const float* b,
                           float* c);
  // c[m, n] = a[m, k] * b[k, n].
  void (*times)(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c);
};

// The whole program: checks attention by this library, times it and prints one line of JSON. The library must
// keep to the thread that calls it.
int RunGemmAttention(const GemmLibrary& library, int argc, char** argv);

}  // namespace peers
