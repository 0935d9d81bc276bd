#include <dnnl.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "gemm_attention.h"

namespace {

void Require(dnnl_status_t status) {
  if (status == dnnl_success) return;
  std::fprintf(stderr, "oneDNN: dnnl_sgemm answers status %d\n", static_cast<int>(status));
  std::exit(1);
}

void TimesTransposed(int64_t m, int64_t n, int64_t k, float alpha, const float* a, const float* b, float* c) {
  Require(dnnl_sgemm('N', 'T', m, n, k, alpha, a, k, b, k, 0, c, n));
}

void Times(int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c) {
  Require(dnnl_sgemm('N', 'N', m, n, k, 1, a, k, b, n, 0, c, n));
}

}  // namespace

int main(int argc, char** argv) {
  const dnnl_version_t* found = dnnl_version();
  const std::string version =
      std::to_string(found->major) + "." + std::to_string(found->minor) + "." + std::to_string(found->patch);
  const peers::GemmLibrary library = {"oneDNN", version.c_str(), TimesTransposed, Times};
  return peers::RunGemmAttention(library, argc, argv);
}
