#include <cblas.h>

#include "gemm_attention.h"

namespace {

int Int(int64_t value) { return static_cast<int>(value); }

void TimesTransposed(int64_t m, int64_t n, int64_t k, float alpha, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, Int(m), Int(n), Int(k), alpha, a, Int(k), b, Int(k), 0,
              c, Int(n));
}

void Times(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, Int(m), Int(n), Int(k), 1, a, Int(k), b, Int(n), 0,
              c, Int(n));
}

}  // namespace

int main(int argc, char** argv) {
  openblas_set_num_threads(1);
  const peers::GemmLibrary library = {"OpenBLAS", openblas_get_config(), TimesTransposed, Times};
  return peers::RunGemmAttention(library, argc, argv);
}
